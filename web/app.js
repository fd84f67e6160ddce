// The page: a picture is looked at, evidence appears, questions are answered.

import * as api from "./api.js";
import * as choose from "./choose.js";
import * as evidence from "./evidence.js";
import * as history from "./history.js";
import * as views from "./views.js";
import { Conversation } from "./conversation.js";
import { Readers } from "./readers.js";
import { element } from "./element.js";

const $ = (id) => document.getElementById(id);

// What the server has, and the picture that is shown.
const state = { about: undefined, readers: undefined, file: undefined, sha256: undefined, looking: undefined };

const conversation = new Conversation($("answers"), {
  choose: () => ({ ...evidence.chosen($("modules")), llms: state.readers.chosen(), named: state.readers.named }),
  busy,
  say: (text) => { $("told").textContent = text; },
  // A server that was started anew may not know the picture any more.
  fail: (error, retry) => (error.forgotten ? look(state.file, { turns: conversation.turns }).then(retry) : fail(error, retry)),
  keep,
});

function say(text, busy = false) {
  $("status").textContent = text;
  $("status").classList.toggle("busy", busy);
}

// While an answer comes, the button gives it up.
function busy(whether) {
  $("send").type = whether ? "button" : "submit";
  $("send").textContent = whether ? "Stop" : "Ask";
}

// Tells of an error where one looks; what may work later has a button to try once more.
function fail(error, retry) {
  const [text, button] = $("error").children;
  text.textContent = error ? sentence(error.message) : "";
  button.hidden = !retry || error?.again === false;
  button.onclick = () => {
    fail();
    retry();
  };
  $("error").hidden = !error;
  if (!error) return;
  $(document.body.className === "empty" ? "work" : "ask").before($("error"));
  $("error").scrollIntoView({ block: "nearest" });
}

// The server names what it speaks of as a request does; here there is only the picture.
function sentence(message) {
  const text = message.replace(/^image: /, "");
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, "")}.`;
}

// Of a picture that could not be seen nothing stays.
function refuse(error, retry) {
  if (error.name === "AbortError") return;
  say("");
  document.body.className = "empty";
  $("picture").hidden = true;
  fail(error, retry);
}

// Clears what belongs to the picture before.
function begin(file) {
  state.looking?.abort();
  URL.revokeObjectURL($("picture").src);
  Object.assign(state, { file, sha256: undefined, looking: new AbortController() });
  fail();
  $("send").disabled = true;
  for (const id of ["answers", "about", "told"]) $(id).replaceChildren();
  $("hint").hidden = false;
  views.close($("views"));
  evidence.expect($("modules"), state.about?.modules ?? []);
  document.body.className = "seeing";
  $("picture").hidden = true;
  $("picture").src = URL.createObjectURL(file);
  $("picture").alt = "The picture that is looked at";
  return state.looking.signal;
}

function arrived(record, turns, signal) {
  state.sha256 = record.image.sha256;
  for (const name of Object.keys(record.modules)) evidence.show($("modules"), name, record, () => conversation.again());
  const { width, height } = record.image, seen = record.captions[0]?.text ?? record.tags.map((tag) => tag.text).join(", ");
  if (seen) $("picture").alt = seen;
  $("about").textContent = `${width} × ${height}, SHA-256 ${state.sha256.slice(0, 12)}…`;
  conversation.begin(state.sha256, turns, signal);
  $("hint").hidden = turns.length > 0;
  $("send").disabled = !state.readers?.any;
  say("");
}

// Looks at a picture, draws what was asked about it before, and asks a question when one is given.
async function look(file, { turns = [], question } = {}) {
  const most = state.about?.picture_bytes;
  if (file.size > most) return refuse(tooLarge(file, most));
  const signal = begin(file);
  say("Looking", true);
  scrollTo({ top: 0 });
  try {
    await api.look(file, (name, data) => {
      if (signal.aborted) return;
      if (name === "evidence") arrived(data, turns, signal);
      else evidence.show($("modules"), data.module, data.record, () => conversation.again());
    }, signal);
    keep();
    if (question && state.readers?.any) put(question);
    else if (matchMedia("(hover: hover)").matches) $("question").focus({ preventScroll: true });
  } catch (error) {
    refuse(error, () => look(file, { turns, question }));
  }
}

function tooLarge(file, most) {
  const size = (bytes) => `${(bytes / (1 << 20)).toFixed(0)} MiB`;
  const message = `The picture has ${size(file.size)}; this server takes at most ${size(most)}. Choose a smaller one.`;
  return Object.assign(new Error(message), { again: false });
}

async function keep() {
  const { file, sha256 } = state;
  await $("picture").decode().catch(() => undefined);
  if (sha256 !== state.sha256 || !$("picture").naturalWidth) return;
  await history.keep({ sha256, file, small: history.small($("picture")), turns: conversation.turns });
  await drawHistory();
}

async function drawHistory() {
  const entries = (await history.list()).filter(({ sha256 }) => sha256 !== state.sha256);
  $("history").hidden = !entries.length;
  $("history").querySelector("ul").replaceChildren(...entries.map(({ file, small, turns }, index) => {
    const asked = turns.at(-1)?.question ?? "nothing asked";
    const button = element("button", { type: "button", title: asked, ariaLabel: `Picture ${index + 1} of before: ${asked}` }, element("img", { src: small, alt: "" }));
    button.addEventListener("click", () => look(file, { turns }));
    return element("li", {}, button);
  }));
}

function put(question) {
  fail();
  $("hint").hidden = true;
  conversation.ask(question);
}

async function learn() {
  try {
    state.about = await api.about();
    state.readers = new Readers($("readers"), state.about.llms, () => conversation.again());
    $("question").maxLength = state.about.question_characters;
    fail();
  } catch (error) {
    fail(error, learn);
  }
}

function wire() {
  choose.wire($("file"), $("drop"), (file) => look(file));
  views.wire($("views"), () => ({ file: state.file, signal: state.looking?.signal }), fail);
  $("picture").addEventListener("load", () => { $("picture").hidden = false; });
  $("forget").addEventListener("click", () => history.forget().then(drawHistory));
  for (const button of document.querySelectorAll("[data-example]")) {
    const question = button.querySelector("span").textContent;
    const show = () => api.example(button.dataset.example).then((file) => look(file, { question }), (error) => fail(error, show));
    button.addEventListener("click", show);
  }
  $("send").addEventListener("click", (event) => {
    if ($("send").type === "submit") return;
    // The button is "Ask" again before this event is over; it must not ask.
    event.preventDefault();
    conversation.stop();
  });
  $("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    put($("question").value.trim() || $("question").placeholder);
    $("question").value = "";
  });
}

wire();
learn();
drawHistory();
