// Talks to the server. Every failure becomes an Error with a sentence for a person.

const GONE = "The server does not answer. Start it again, then try once more.";

async function call(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error(GONE);
  }
  if (response.ok) return response;
  let message = `The server said ${response.status}.`;
  try {
    message = (await response.json()).error.message;
  } catch { /* no JSON: the status has to do */ }
  throw new Error(response.status === 429 ? "The server has too much to do right now. Try again in a moment." : message);
}

// Hands each server-sent event to `hear(name, data)`.
async function events(path, options, hear) {
  const response = await call(path, options);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", ended = false;
  const tell = (block) => {
    const field = (name) => block.split("\n").filter((line) => line.startsWith(name)).map((line) => line.slice(name.length).trimStart()).join("\n");
    const data = field("data:");
    if (!data) return;
    const name = field("event:"), value = JSON.parse(data);
    if (name === "error") throw new Error(value.error.message);
    ended ||= name === "evidence" || name === "reply";
    hear(name, value);
  };
  for (;;) {
    let piece;
    try {
      piece = await reader.read();
    } catch {
      throw new Error(GONE);
    }
    if (piece.done) break;
    rest += piece.value;
    const blocks = rest.split("\n\n");
    rest = blocks.pop();
    blocks.forEach(tell);
  }
  if (!ended) throw new Error(GONE);
}

const streamed = { accept: "text/event-stream" };

export async function look(file, hear, signal) {
  const form = new FormData();
  form.append("image", file);
  await events("/v1/evidence", { method: "POST", headers: streamed, body: form, signal }, hear);
}

export async function recall(sha256) {
  return (await call(`/v1/evidence/${sha256}`)).json();
}

export async function ask(request, hear) {
  const headers = { ...streamed, "content-type": "application/json" };
  await events("/v1/ask", { method: "POST", headers, body: JSON.stringify(request) }, hear);
}

export async function readerName() {
  const models = await (await call("/v1/models")).json();
  return models.data?.[0]?.id;
}

export async function example(name) {
  const blob = await (await call(`/assets/${name}`)).blob();
  return new File([blob], name, { type: blob.type });
}
