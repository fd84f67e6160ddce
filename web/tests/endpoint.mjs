// An OpenAI-compatible endpoint that tells what it read and answers when it is told to.

import { createServer } from "node:http";

export class Endpoint {
  // The messages of the requests so far.
  read = [];
  #waiting = [];
  #server;

  // Serves on a free port of loopback.
  static async start() {
    const endpoint = new Endpoint();
    endpoint.#server = createServer((request, response) => endpoint.#answer(request, response));
    await new Promise((resolve) => endpoint.#server.listen(0, "127.0.0.1", resolve));
    return endpoint;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}/v1`;
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  // Gives the next request that waits for its answer: `say(text)` sends a piece, `end()` the rest.
  async next() {
    while (!this.#waiting.length) await new Promise((resolve) => setTimeout(resolve, 10));
    return this.#waiting.shift();
  }

  async #answer(request, response) {
    let body = "";
    for await (const piece of request) body += piece;
    this.read.push(JSON.parse(body).messages);
    response.writeHead(200, { "content-type": "text/event-stream" });
    const send = (delta, finish) => response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish ?? null }] })}\n\n`);
    this.#waiting.push({
      say: (content) => send({ content }),
      end: () => {
        send({}, "stop");
        response.end("data: [DONE]\n\n");
      },
    });
  }
}
