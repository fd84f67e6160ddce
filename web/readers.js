// Which language model answers, and which other one beside it.

import { element } from "./element.js";

function select(label, name, options, onChange) {
  const choice = element("select", { name }, ...options.map(([value, text]) => element("option", { value }, text)));
  choice.addEventListener("change", onChange);
  return [element("label", {}, `${label} `, choice), choice];
}

export class Readers {
  #names = []; #first; #second;

  // Shows the choice, or the only name when there is none.
  constructor(place, names, onChange) {
    this.#names = names;
    if (!names.length) place.replaceChildren("This server has no language model of its own; it only looks.");
    if (names.length === 1) place.replaceChildren(element("strong", {}, names[0]), " answers. It never sees the picture.");
    if (names.length < 2) return;
    const all = names.map((name) => [name, name]);
    const [first, firstChoice] = select("Answered by", "llm", all, () => {
      this.#apart();
      onChange();
    });
    const [second, secondChoice] = select("beside", "beside", [["", "no other"], ...all], onChange);
    [this.#first, this.#second] = [firstChoice, secondChoice];
    this.#apart();
    place.replaceChildren(first, second);
  }

  get any() {
    return this.#names.length > 0;
  }

  // Whether answers need the name of who gave them.
  get named() {
    return this.#names.length > 1;
  }

  // One name, or two to compare.
  chosen() {
    const names = this.#first ? [this.#first.value, this.#second.value] : this.#names.slice(0, 1);
    return names.filter(Boolean);
  }

  // A language model is not compared with itself.
  #apart() {
    for (const option of this.#second.options) option.disabled = option.value === this.#first.value;
    if (this.#second.value === this.#first.value) this.#second.value = "";
  }
}
