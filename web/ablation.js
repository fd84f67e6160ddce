// Which module carries an answer: the same question without each of them in turn, and with nothing seen at all.

import { element } from "./element.js";
import { title, titles } from "./evidence.js";
import { same } from "./answer.js";

// `ask(modules)` gives the answer to the same question with these modules only.
export function button(answer, modules, ask, fail) {
  const start = element("button", { type: "button", className: "plain" }, "Which module carries it?");
  start.addEventListener("click", async () => {
    const place = element("div", { className: "ablation" });
    start.replaceWith(place);
    try {
      await ablate(place, answer, modules, ask);
    } catch (error) {
      place.replaceWith(start);
      fail(error);
    }
  });
  return start;
}

async function ablate(place, answer, modules, ask) {
  const rows = element("ul"), verdict = element("p", { className: "verdict busy" }, "Asking again without each module");
  verdict.setAttribute("role", "status");
  place.append(verdict, rows);
  const without = async (name, rest) => {
    const text = await ask(rest), kept = same(text, answer);
    rows.append(element("li", { className: kept ? "kept" : "changed" }, element("span", {}, name), element("span", {}, kept ? "the same" : text || "(no answer)")));
    return kept;
  };
  const carriers = [];
  for (const module of modules) {
    if (!await without(`without ${title(module)}`, modules.filter((other) => other !== module))) carriers.push(module);
  }
  const guessed = await without("with nothing seen", []);
  verdict.textContent = conclusion(carriers, guessed);
  verdict.classList.remove("busy");
}

function conclusion(carriers, guessed) {
  if (guessed) return "It says the same with nothing seen: this is a guess.";
  if (!carriers.length) return "No single module carries it: the others are enough.";
  return `It rests on the ${titles(carriers)}.`;
}
