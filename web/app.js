// The page: a picture is looked at, evidence appears, questions are answered.

import * as api from "./api.js";
import * as evidence from "./evidence.js";
import * as history from "./history.js";
import { element } from "./element.js";

const $ = (id) => document.getElementById(id);
const state = { sha256: undefined, turns: [], last: undefined, looking: undefined, asking: 0 };

function say(text, busy = false) {
  $("status").textContent = text;
  $("status").classList.toggle("busy", busy);
}

function fail(error) {
  say("");
  $("error").textContent = error?.message ?? "";
  $("error").hidden = !error;
}

// Of a picture that could not be seen nothing stays.
function refuse(error) {
  fail(error);
  if ($("modules").children.length) return;
  $("picture").hidden = true;
  $("drop").classList.remove("full");
  $("empty").hidden = false;
}

function ready(yes) {
  $("question").disabled = $("send").disabled = !yes;
}

// Clears what belongs to the picture before.
function begin(url) {
  state.looking?.abort();
  Object.assign(state, { sha256: undefined, turns: [], last: undefined, looking: new AbortController() });
  fail();
  ready(false);
  for (const id of ["modules", "answers", "about"]) $(id).replaceChildren();
  $("empty").hidden = true;
  $("picture").src = url;
  $("picture").hidden = false;
  $("drop").classList.add("full");
  return state.looking;
}

function draw(record, modules) {
  for (const name of modules) evidence.show($("modules"), name, record, again);
}

function arrived(record) {
  state.sha256 = record.image.sha256;
  draw(record, Object.keys(record.modules).sort((a, b) => order(a) - order(b)));
  $("picture").alt = record.captions[0]?.text ?? record.tags.map((tag) => tag.text).join(", ");
  $("about").textContent = `${record.image.width} × ${record.image.height} · ${record.image.sha256.slice(0, 12)}`;
  say("");
  ready(true);
}

const order = (name) => ["tags", "attributes", "captions", "ocr"].indexOf(name);

async function look(file, question = "") {
  const mine = begin(URL.createObjectURL(file));
  $("question").value = question;
  say("Looking", true);
  try {
    await api.look(file, (name, data) => {
      if (mine !== state.looking) return;
      if (name === "module") draw(data.record, [data.module]);
      else arrived(data);
    }, mine.signal);
    if (mine !== state.looking) return;
    await $("picture").decode();
    await history.remember(state.sha256, $("picture"));
    drawHistory();
    if (question || matchMedia("(min-width: 821px)").matches) $("question").focus({ preventScroll: true });
  } catch (error) {
    if (mine === state.looking) refuse(error);
  }
}

async function back(entry) {
  const mine = begin(entry.small);
  try {
    const record = await api.recall(entry.sha256);
    if (mine === state.looking) arrived(record);
  } catch (error) {
    if (mine === state.looking) refuse(error);
  }
}

function answerLine(question, off) {
  const answer = element("p", { className: "answer coming" });
  const line = element("li", {}, element("div", { className: "question" }, question));
  if (off.length) line.append(element("div", { className: "without" }, `without ${off.join(", ")}`));
  line.append(answer);
  $("answers").append(line);
  return { line, answer };
}

function readPrompt(packed) {
  const { system, text } = packed.prompt;
  const dropped = packed.dropped.length ? ` Left out for want of room: ${packed.dropped.join(", ")}.` : "";
  return element("details", {}, element("summary", {}, "What the language model read"),
    element("pre", { tabIndex: 0 }, system ? `${system}\n\n${text}` : text),
    element("p", { className: "quiet" }, `${packed.tokens} tokens.${dropped}`));
}

async function ask(question, history) {
  const mine = ++state.asking, { on, off } = evidence.chosen($("modules"));
  fail();
  state.last = { question, history };
  const { line, answer } = answerLine(question, off);
  const request = { images: [`sha256:${state.sha256}`], question, history, lens: { modules: on } };
  try {
    await api.ask(request, (name, data) => {
      if (name === "prompt") line.append(readPrompt(data));
      if (name === "token") answer.textContent += data.text;
      if (name !== "reply") return;
      answer.textContent = data.answer.text || "(no answer)";
      if (mine === state.asking) state.turns = [...history, { question, answer: data.answer.text }];
    });
  } catch (error) {
    if (!answer.textContent) line.remove();
    fail(error);
  }
  answer.classList.remove("coming");
}

// A switch was turned: the same question, with what is left of the evidence.
function again() {
  if (state.last) ask(state.last.question, state.last.history);
}

function drawHistory() {
  const entries = history.list();
  $("history").hidden = entries.length < 2;
  $("history").querySelector("ul").replaceChildren(...entries.map((entry, index) => {
    const button = element("button", { type: "button", ariaLabel: `Picture ${index + 1} of before` }, element("img", { src: entry.small, alt: "" }));
    button.addEventListener("click", () => back(entry));
    return element("li", {}, button);
  }));
}

function wireDropping() {
  $("file").addEventListener("change", (event) => {
    if (event.target.files[0]) look(event.target.files[0]);
    event.target.value = "";
  });
  addEventListener("dragover", (event) => {
    event.preventDefault();
    $("drop").classList.add("over");
  });
  addEventListener("dragleave", () => $("drop").classList.remove("over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    $("drop").classList.remove("over");
    if (event.dataTransfer.files[0]) look(event.dataTransfer.files[0]);
  });
  addEventListener("paste", (event) => {
    if (event.clipboardData.files[0]) look(event.clipboardData.files[0]);
  });
}

function wireTheme() {
  const saved = localStorage.getItem("lens.theme");
  const dark = saved ? saved === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  $("theme").addEventListener("click", () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    localStorage.setItem("lens.theme", next);
  });
}

function wire() {
  wireTheme();
  wireDropping();
  drawHistory();
  $("forget").addEventListener("click", () => {
    history.forget();
    drawHistory();
  });
  for (const button of document.querySelectorAll("[data-example]")) {
    button.addEventListener("click", async () => {
      try {
        look(await api.example(button.dataset.example), button.dataset.question);
      } catch (error) {
        fail(error);
      }
    });
  }
  $("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    const question = $("question").value.trim() || $("question").placeholder;
    $("question").value = "";
    ask(question, state.turns);
  });
  api.readerName().then((name) => {
    $("reader").textContent = name ? `${name} answers. It sees none of the pixels.` : "This server has no language model of its own; it only looks.";
  }).catch(fail);
}

wire();
