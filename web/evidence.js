// Draws the record: one block for each module, with a switch that takes it out of the next prompt.

import { element } from "./element.js";

const SHOWN = 6;

// `best`: the score that fills the bar, or the best of the list where that is higher. Cosines of most CLIPs stay below 0.4.
const MODULES = {
  tags: { title: "Tags", best: 0.4, items: (record) => record.tags.map(similar) },
  attributes: { title: "Attributes", best: 0.4, items: (record) => record.attributes.map(similar) },
  captions: { title: "Captions", best: 0.4, items: (record) => record.captions.map(sentence) },
  ocr: { title: "Words in the picture", best: 1, items: (record) => record.ocr.map(words) },
};

export const title = (name) => (MODULES[name]?.title ?? name).toLowerCase();

// "tags, attributes, and captions"
export const titles = (names) => new Intl.ListFormat("en").format(names.map(title));

const similar = ({ id, text, cosine }) => ({ id, text, score: cosine, meaning: "Similarity of picture and text (cosine)" });

const sentence = ({ id, text, count, clip_similarity }) => ({ ...similar({ id, text, cosine: clip_similarity }), aside: count > 1 && `said ${count} times` });

const words = ({ id, text, confidence, ink }) => ({ id, text: `“${text}”`, aside: ink && `painted ${ink}`, score: confidence, meaning: "Confidence of the reading" });

function bar({ score, meaning }, best) {
  if (score === undefined) return "";
  const fill = element("b");
  fill.style.width = `${Math.round(100 * Math.max(0, Math.min(1, score / best)))}%`;
  return element("span", { className: "bar", title: meaning }, element("i", { ariaHidden: "true" }, fill), score.toFixed(2));
}

function row(item, best) {
  const text = element("span", { className: "text" }, item.text);
  if (item.aside) text.append(" ", element("small", {}, item.aside));
  return element("li", {}, element("span", { className: "id" }, item.id), text, bar(item, best));
}

function time(milliseconds) {
  if (milliseconds === undefined) return "remembered";
  return milliseconds < 1000 ? `${Math.max(1, Math.round(milliseconds))} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

function toggle(name, onChange) {
  const box = element("input", { type: "checkbox", checked: true, name: "module", value: name });
  box.setAttribute("role", "switch");
  box.setAttribute("aria-label", `Tell the language model the ${title(name)}`);
  box.addEventListener("change", () => {
    box.closest(".module").classList.toggle("off", !box.checked);
    onChange();
  });
  return element("span", { className: "switch" }, box, element("span"));
}

function list(items, least) {
  const best = Math.max(least, ...items.map(({ score }) => score ?? 0));
  const all = element("ul", {}, ...items.slice(0, SHOWN).map((item) => row(item, best)));
  if (items.length <= SHOWN) return [all];
  const more = element("button", { type: "button", className: "plain more" }, `${items.length - SHOWN} more`);
  more.addEventListener("click", () => {
    all.append(...items.slice(SHOWN).map((item) => row(item, best)));
    more.remove();
  });
  return [all, more];
}

// Empty blocks for modules that have yet to look.
export function expect(place, names) {
  const block = (name) => element("section", { className: `module pending ${name}` }, element("div", { className: "head" }, element("h3", {}, MODULES[name].title)));
  place.replaceChildren(...names.filter((name) => MODULES[name]).map(block));
}

// Fills the module's block; what was filled before stays, with its switch.
export function show(place, name, record, onChange) {
  const module = MODULES[name], known = place.querySelector(`.${name}`);
  if (!module || (known && !known.classList.contains("pending"))) return;
  const items = module.items(record);
  const notes = (record.notes ?? []).filter((note) => note.module === name).map((note) => note.text);
  if (!items.length && !notes.length) notes.push("Nothing found.");
  // Of nothing there is nothing to switch off.
  const switched = items.length ? [toggle(name, onChange)] : [];
  const head = element("div", { className: "head" }, ...switched, element("h3", {}, module.title),
    element("span", { className: "time" }, time(record.timings?.[name])));
  const block = element("section", { className: `module ${name}` }, head, ...list(items, module.best),
    ...notes.map((note) => element("p", { className: "quiet" }, note)));
  if (known) known.replaceWith(block);
  else place.append(block);
}

// The modules that found something: those that are switched on, and those that are not.
export function chosen(place) {
  const boxes = [...place.querySelectorAll("input[name=module]")];
  const names = (on) => boxes.filter((box) => box.checked === on).map((box) => box.value);
  return { modules: names(true), without: names(false) };
}
