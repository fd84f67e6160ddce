// Questions about the picture that is shown, and their answers.
//
// A turn is plain data, so that the history can keep it: { question, modules, without, follows, answers, verdict }, where
// `follows` are the turns before it and an answer is { llm, text, prompt }.

import * as api from "./api.js";
import * as ablation from "./ablation.js";
import * as drawing from "./answer.js";

export class Conversation {
  #place; #hooks; #image; #signal; #last; #pending;
  turns = [];

  // Hooks: `choose()` gives { modules, without, llms, named }; `busy(whether)`; `say(text)` tells those who hear the page;
  // `fail(error, retry)` tells everyone; `keep()` is called when a turn is complete.
  constructor(place, hooks) {
    this.#place = place;
    this.#hooks = hooks;
  }

  // Begins anew about a picture. What was asked about it before is drawn again.
  begin(sha256, turns, signal) {
    this.#image = `sha256:${sha256}`;
    this.#signal = signal;
    this.turns = turns;
    this.#last = turns.at(-1);
    this.#place.replaceChildren();
    for (const turn of turns) this.#draw(turn);
  }

  // Asks a question that follows on those before it.
  ask(question) {
    return this.#take({ question, follows: this.#last ? [...this.#last.follows, this.#last] : [] });
  }

  // Asks the last question again: a switch was turned, or another language model chosen.
  again() {
    const of = this.#pending?.turn ?? this.#last;
    if (of) return this.#take(of);
  }

  // Gives up the answer that is on its way.
  stop() {
    this.#pending?.abort();
  }

  async #take({ question, follows }) {
    this.stop();
    const { modules, without, llms, named } = this.#hooks.choose(), control = new AbortController();
    const turn = { question, follows, modules, without, named, answers: llms.map((llm) => ({ llm, text: "" })) };
    const pending = { turn, abort: () => control.abort() }, drawn = this.#draw(turn);
    this.#pending = pending;
    this.#hooks.busy(true);
    const outcomes = await Promise.allSettled(turn.answers.map((answer, index) => this.#answer(turn, answer, drawn.columns[index], control)));
    if (this.#pending === pending) {
      this.#pending = undefined;
      this.#hooks.busy(false);
    }
    const failure = outcomes.find(({ status }) => status === "rejected")?.reason;
    if (!failure) return this.#complete(turn, drawn);
    control.abort();
    drawn.line.remove();
    if (failure.name !== "AbortError") this.#hooks.fail(failure, () => this.#take(turn));
  }

  #complete(turn, drawn) {
    // The same question with another choice has the very same `follows`.
    turn.verdict = verdict(turn, this.#last?.follows === turn.follows ? this.#last : undefined);
    this.#last = turn;
    this.turns.push(turn);
    this.#finish(turn, drawn);
    this.#hooks.say(turn.answers.map(({ llm, text }) => `${llm}: ${text || "no answer"}`).join(". "));
    this.#hooks.keep();
  }

  #answer(turn, answer, { text }, control) {
    return this.#request(turn, answer.llm, turn.modules, AbortSignal.any([this.#signal, control.signal]), (name, data) => {
      if (name === "prompt") answer.prompt = data;
      if (name === "token") text.textContent += data.text;
      if (name === "reply") answer.text = data.answer.text;
    });
  }

  #request({ question, follows }, llm, modules, signal, hear) {
    const said = ({ answers }) => (answers.find((answer) => answer.llm === llm) ?? answers[0]).text;
    const history = follows.map((turn) => ({ question: turn.question, answer: said(turn) }));
    // With one beam the answer comes word by word.
    return api.ask({ images: [this.#image], question, llm, history, lens: { modules, beams: 1 } }, hear, signal);
  }

  #draw(turn) {
    const drawn = drawing.draw(turn);
    this.#place.append(drawn.line);
    if (this.turns.includes(turn)) this.#finish(turn, drawn);
    drawn.line.scrollIntoView({ block: "nearest" });
    return drawn;
  }

  // What stands beneath a whole answer.
  #finish(turn, { line, notes, columns }) {
    if (turn.verdict) notes.append(drawing.pill(turn.verdict.text, turn.verdict.changed));
    turn.answers.forEach(({ llm, text, prompt }, index) => {
      const column = columns[index];
      column.text.textContent = text || "(no answer)";
      column.text.classList.remove("coming");
      const ask = async (modules) => {
        let said = "";
        await this.#request(turn, llm, modules, this.#signal, (name, data) => name === "reply" && (said = data.answer.text));
        return said;
      };
      column.foot.append(drawing.prompt(prompt), ablation.button(text, turn.modules, ask, (error) => this.#hooks.fail(error)));
    });
    line.scrollIntoView({ block: "nearest" });
  }
}

// How two language models compare, or an answer with the one before the switch was turned.
function verdict({ answers: [one, other] }, before) {
  if (other) return drawing.same(one.text, other.text) ? { text: "they agree" } : { text: "they differ", changed: true };
  const earlier = before?.answers.find(({ llm }) => llm === one.llm);
  if (!earlier) return undefined;
  return drawing.same(one.text, earlier.text) ? { text: "the same answer" } : { text: "another answer", changed: true };
}
