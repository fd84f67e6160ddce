// Server-sent events from the body of a response (WHATWG HTML, section 9.2). EventSource can only GET.

export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const data = field(block, "data");
      if (data) yield { name: field(block, "event"), data: JSON.parse(data) };
    }
  }
}

function field(block, name) {
  const lines = block.split("\n").filter((line) => line.startsWith(`${name}:`));
  return lines.map((line) => line.slice(name.length + 1).trimStart()).join("\n");
}
