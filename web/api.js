// Talks to the server. Every failure becomes an Error with a sentence for a person; `again` says that the same may work
// later, `forgotten` that the server does not know the picture.

import { events } from "./events.js";

const failure = (message, again) => Object.assign(new Error(message), { again });
const gone = () => failure("The server does not answer. Start it again, then try once more.", true);
const busy = () => failure("The server has too much to do right now. Try again in a moment.", true);

async function call(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    throw error.name === "AbortError" ? error : gone();
  }
  if (response.ok) return response;
  if (response.status === 429) throw busy();
  const told = await response.json().catch(() => undefined);
  const error = failure(told?.error?.message ?? `The server answered with status ${response.status}.`, response.status >= 500);
  throw Object.assign(error, { forgotten: response.status === 404 });
}

// Hands each event to `hear(name, data)` and ends with the one called `last`; a stream that stops before has failed.
async function stream(path, options, last, hear) {
  const response = await call(path, options);
  let whole = false;
  try {
    for await (const { name, data } of events(response.body)) {
      if (name === "error") throw failure(data.error.message, data.error.code >= 500);
      hear(name, data);
      whole ||= name === last;
    }
  } catch (error) {
    throw "again" in error || error.name === "AbortError" ? error : gone();
  }
  if (!whole) throw gone();
}

function form(file) {
  const data = new FormData();
  data.append("image", file);
  return data;
}

export async function about() {
  return (await call("/v1/about")).json();
}

// Events: `module` for each module's result, then `evidence`.
export function look(file, hear, signal) {
  return stream("/v1/evidence", { method: "POST", headers: { accept: "text/event-stream" }, body: form(file), signal }, "evidence", hear);
}

// Events: `prompt`, `token` for each piece, then `reply`.
export function ask(request, hear, signal) {
  const headers = { accept: "text/event-stream", "content-type": "application/json" };
  return stream("/v1/ask", { method: "POST", headers, body: JSON.stringify(request), signal }, "reply", hear);
}

export async function views(file, signal) {
  return (await (await call("/v1/views", { method: "POST", body: form(file), signal })).json()).views;
}

export async function example(name) {
  const blob = await (await call(`/assets/${name}`)).blob();
  return new File([blob], name, { type: blob.type });
}
