// Draws the record: one block for each module, with a switch that takes it out of the next prompt.

import { element } from "./element.js";

const SHOWN = 6;

const MODULES = {
  tags: { title: "Tags", items: (r) => r.tags.map((t) => [t.id, t.text, t.cosine, "similarity"]), best: 0.4 },
  attributes: { title: "Attributes", items: (r) => r.attributes.map((t) => [t.id, t.text, t.cosine, "similarity"]), best: 0.4 },
  captions: { title: "Captions", items: (r) => captions(r), best: 1 },
  ocr: { title: "Words in the picture", items: (r) => r.ocr.map((l) => [l.id, `“${l.text}”`, l.confidence, "sure", l.ink && `painted ${l.ink}`]), best: 1 },
};

// Of several captions, the share of sentences that came out the same; a single one needs no bar.
function captions(record) {
  const total = record.captions.reduce((sum, caption) => sum + caption.count, 0);
  return record.captions.map((c) => [c.id, c.text, total > 1 ? c.count / total : undefined, "share of the captions"]);
}

function bar(value, best, meaning) {
  if (value === undefined) return "";
  const width = Math.round(100 * Math.max(0, Math.min(1, value / best)));
  const fill = element("b");
  fill.style.width = `${width}%`;
  return element("span", { className: "bar", title: meaning }, element("i", { ariaHidden: "true" }, fill), value.toFixed(2));
}

function row([id, text, value, meaning, aside], best) {
  const words = element("span", { className: "text" }, text);
  if (aside) words.append(" ", element("small", {}, aside));
  return element("li", {}, element("span", { className: "id" }, id), words, bar(value, best, meaning));
}

function time(milliseconds) {
  if (milliseconds === undefined) return "remembered";
  return milliseconds < 1000 ? `${Math.max(1, Math.round(milliseconds))} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

function toggle(name, title, onChange) {
  const box = element("input", { type: "checkbox", checked: true, name: "module", value: name });
  box.setAttribute("role", "switch");
  box.setAttribute("aria-label", `Use ${title.toLowerCase()}`);
  box.addEventListener("change", () => {
    box.closest(".module").classList.toggle("off", !box.checked);
    onChange();
  });
  return element("span", { className: "switch" }, box, element("span"));
}

// Adds the module's block, or nothing when it stands there already.
export function show(place, name, record, onChange) {
  const module = MODULES[name];
  if (!module || place.querySelector(`.${name}`)) return;
  const items = module.items(record);
  const list = element("ul", {}, ...items.slice(0, SHOWN).map((item) => row(item, module.best)));
  const head = element("header", {}, toggle(name, module.title, onChange), element("h3", {}, module.title),
    element("span", { className: "time" }, time(record.timings?.[name])));
  const block = element("section", { className: `module ${name}` }, head, list);
  const notes = (record.notes ?? []).filter((note) => note.module === name).map((note) => note.text);
  if (!items.length) notes.push("Nothing found.");
  block.append(...notes.map((note) => element("p", { className: "quiet" }, note)));
  if (items.length > SHOWN) {
    const more = element("button", { type: "button", className: "plain more" }, `${items.length - SHOWN} more`);
    more.addEventListener("click", () => {
      list.append(...items.slice(SHOWN).map((item) => row(item, module.best)));
      more.remove();
    });
    block.append(more);
  }
  place.append(block);
}

// The kinds that are switched on, and the titles of those that are not.
export function chosen(place) {
  const boxes = [...place.querySelectorAll("input[name=module]")];
  const off = boxes.filter((box) => !box.checked).map((box) => MODULES[box.value].title.toLowerCase());
  return { on: boxes.filter((box) => box.checked).map((box) => box.value), off };
}
