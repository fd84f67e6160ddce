// Draws a question with the answer of each language model, and what each of them read.

import { element } from "./element.js";
import { titles } from "./evidence.js";

// Gives the line and, for each language model, where its answer and what belongs to it go.
export function draw({ question, without, answers, named }) {
  const notes = element("span", { className: "notes" });
  if (without.length) notes.append(element("span", { className: "pill" }, `without ${titles(without)}`));
  const columns = answers.map(({ llm }) => {
    const text = element("p", { className: "answer coming" }), foot = element("div", { className: "foot" });
    const head = named ? [element("h3", { className: "reader" }, llm)] : [];
    return { column: element("div", { className: "column" }, ...head, text, foot), text, foot };
  });
  const line = element("li", {}, element("div", { className: "asked" }, element("span", { className: "question" }, question), notes),
    element("div", { className: answers.length > 1 ? "columns two" : "columns" }, ...columns.map(({ column }) => column)));
  return { line, notes, columns };
}

// The exact prompt; the fences around what the picture's author may have written stand out.
export function prompt({ prompt, tokens, dropped }) {
  const part = (text) => element("pre", { tabIndex: 0 }, ...text.split(/^(<\/?evidence.*>\n?)/m).map(fence));
  const count = `${tokens} tokens.${dropped.length ? ` Left out for want of room: ${dropped.join(", ")}.` : ""}`;
  const parts = prompt.system ? [element("p", { className: "quiet" }, "System"), part(prompt.system), element("p", { className: "quiet" }, "User"), part(prompt.text)] : [part(prompt.text)];
  return element("details", { className: "prompt" }, element("summary", {}, "What it read"), ...parts, element("p", { className: "quiet" }, count));
}

function fence(text) {
  return /^<\/?evidence/.test(text) ? element("span", { className: "fence" }, text) : text;
}

// Whether two answers say the same, but for capitals and the last full stop.
export function same(one, other) {
  const plain = (text) => text.trim().replace(/\.$/, "").toLowerCase();
  return plain(one) === plain(other);
}

export function pill(text, strong = false) {
  return element("span", { className: strong ? "pill strong" : "pill" }, text);
}
