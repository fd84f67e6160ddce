// The program under test: `lens serve` with the models inside it, and a second language model behind an endpoint.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const LENS = process.env.LENS ?? new URL("../../target/debug/lens", import.meta.url).pathname;

export class Server {
  #home = mkdtempSync(join(tmpdir(), "lens-page-"));
  #endpoint;
  #child;
  url;

  // `endpoint`: base URL of the second language model, which is called "second".
  constructor(endpoint) {
    this.#endpoint = endpoint;
  }

  // Starts on a free port, and after `kill` on the same one.
  async start() {
    const port = this.url ? new URL(this.url).port : "0";
    const args = ["serve", "--quiet", "--bind", `127.0.0.1:${port}`, "--another-llm", `${this.#endpoint}#second`];
    const env = { ...process.env, LENS_HOME: this.#home };
    this.#child = spawn(LENS, args, { env, stdio: ["ignore", "pipe", "inherit"] });
    const ended = new Promise((_, reject) => this.#child.once("error", reject).once("exit", (code) => reject(new Error(`lens serve ended with ${code}`))));
    const lines = createInterface({ input: this.#child.stdout });
    const [first] = await Promise.race([new Promise((resolve) => lines.once("line", (line) => resolve([line]))), ended]);
    ended.catch(() => undefined);
    this.url = first;
  }

  // How often pictures were looked at.
  async looks() {
    const numbers = await (await fetch(`${this.url}/metrics`)).text();
    return Number(/lens_evidence_total\{source="vision"\} (\d+)/.exec(numbers)?.[1] ?? 0);
  }

  async kill() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await ended;
  }

  async stop() {
    await this.kill();
    rmSync(this.#home, { recursive: true });
  }
}
