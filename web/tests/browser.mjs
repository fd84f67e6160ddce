// Chromium without a window, and what every test of the page asks of it.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SHOTS = process.env.SHOTS ?? new URL("../../target/page/", import.meta.url).pathname;
const EXAMPLES = new URL("../../examples/", import.meta.url).pathname;

export const DESK = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };

export const example = (name) => join(EXAMPLES, name);

export function launch() {
  mkdirSync(SHOTS, { recursive: true });
  // As root, as CI is, Chromium has no sandbox.
  const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--disable-background-networking"];
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
}

// A fresh browser profile on the page. What the console says against it is in `page.wrong`.
export async function open(browser, url, { viewport = DESK, theme = "light" } = {}) {
  const phone = viewport === PHONE;
  // Without motion the colours that axe measures are the final ones.
  const context = await browser.newContext({ viewport, colorScheme: theme, reducedMotion: "reduce", isMobile: phone, hasTouch: phone });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.wrong = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.wrong.push(message.text()));
  page.on("pageerror", (error) => page.wrong.push(String(error)));
  await page.goto(url);
  await page.locator("#readers:not(:empty)").waitFor({ state: "attached" });
  return page;
}

export async function close(page) {
  assert.deepEqual(page.wrong, [], "the console is silent");
  await page.context().close();
}

// Takes a screenshot; nothing sticks out, and axe has nothing serious to say.
export async function inspect(page, name) {
  const { width } = page.viewportSize(), dark = await page.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches);
  await page.screenshot({ path: join(SHOTS, `${name}-${width}-${dark ? "dark" : "light"}.png`), fullPage: true });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name}: nothing sticks out`);
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  assert.deepEqual(serious.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), [], name);
}

// Drops or pastes a photo, with zeros after its end up to `size` bytes.
export function give(page, kind, photo, size = photo.length) {
  return page.evaluate(([kind, photo, size]) => {
    const bytes = new Uint8Array(size), data = new DataTransfer();
    bytes.set(Uint8Array.from(atob(photo), (letter) => letter.charCodeAt(0)));
    data.items.add(new File([bytes], "photo.jpg", { type: "image/jpeg" }));
    dispatchEvent(kind === "drop" ? new DragEvent("drop", { dataTransfer: data }) : new ClipboardEvent("paste", { clipboardData: data }));
  }, [kind, photo.toString("base64"), size]);
}

export const texts = (page, selector) => page.locator(selector).allTextContents();

// Waits until so many questions are answered.
export async function answered(page, count) {
  await page.waitForFunction((count) => document.querySelectorAll("#answers > li").length === count && !document.querySelector(".coming"), count);
}

export async function ask(page, question) {
  await page.locator("#question").fill(question);
  await page.locator("#question").press("Enter");
}
