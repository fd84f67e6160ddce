// The page in a real browser: npm test -- URL FOLDER-FOR-SCREENSHOTS
// Needs Chromium (CHROMIUM, else /usr/bin/chromium) and a server: cargo run -p lens-server --example without_weights

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [url = "http://127.0.0.1:5367", shots = mkdtempSync(join(tmpdir(), "lens-page-"))] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

async function open(width, theme = "light") {
  // Without motion the colours that axe measures are the final ones.
  const viewport = { width, height: width < 500 ? 844 : 900 };
  const context = await browser.newContext({ viewport, colorScheme: theme, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.wrong = [];
  page.on("console", (message) => message.type() === "error" && page.wrong.push(message.text()));
  page.on("pageerror", (error) => page.wrong.push(String(error)));
  await page.goto(url);
  return page;
}

// The page's policy allows no foreign script, so axe is evaluated by the debugger.
async function accessible(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run());
  const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  assert.deepEqual(serious.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), []);
}

const text = (page, selector) => page.locator(selector).allTextContents();

// A server remembers pictures. Bytes after a JPEG's end make it one that was never seen.
async function unseen(page, name) {
  await page.route(`**/assets/${name}`, async (route) => {
    const bytes = await (await route.fetch()).body();
    await route.fulfill({ contentType: "image/jpeg", body: Buffer.concat([bytes, randomBytes(8)]) });
  });
}

async function story(width, theme) {
  const page = await open(width, theme);
  await unseen(page, "beach.jpg");
  const shot = (name) => page.screenshot({ path: join(shots, `${name}-${width}-${theme}.png`), fullPage: true });
  await accessible(page);
  await shot("1-empty");

  await page.locator("[data-example='beach.jpg']").click();
  await page.locator(".module.tags").waitFor();
  assert.equal(await page.locator(".module.captions").count(), 0, "tags come before captions");
  await page.locator("#send:enabled").waitFor();
  assert.equal(await page.locator(".module").count(), 4);
  assert.match(await page.locator("#picture").getAttribute("alt"), /\w/);
  await accessible(page);
  await shot("2-evidence");

  await page.locator("#question").press("Enter");
  await page.locator(".answer:not(.coming)").waitFor();
  assert.deepEqual(await text(page, ".question"), ["Where is this?"]);

  await page.locator("#question").fill("Is anybody there?");
  await page.locator("#send").click();
  await page.locator("li:nth-child(2) .answer:not(.coming)").waitFor();
  assert.match((await text(page, "li:nth-child(2) pre"))[0], /Where is this\?[^]*Is anybody there\?/, "the turn before is told");

  await page.locator("input[value=captions]").press("Space");
  await page.locator("li:nth-child(3) .answer:not(.coming)").waitFor();
  const prompt = (await text(page, "li:nth-child(3) pre"))[0];
  assert.ok(!prompt.includes("[C1] caption") && prompt.includes("[T1] tag"), "a module that is off is not in the prompt");
  await page.locator("li:nth-child(3) summary").click();
  await accessible(page);
  await shot("3-answers");
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "nothing sticks out");
  assert.deepEqual(page.wrong, []);
  await page.context().close();
}

async function uploadsAndHistory() {
  const page = await open(1280);
  const examples = new URL("../../examples/", import.meta.url).pathname;
  await page.locator("#file").setInputFiles(join(examples, "sign-turned.jpg"));
  await page.locator("#send:enabled").waitFor();
  const [across, down] = (await text(page, "#about"))[0].split(" ·")[0].split(" × ").map(Number);
  const shown = await page.locator("#picture").evaluate((image) => image.naturalWidth / image.naturalHeight);
  assert.ok(Math.abs(across / down - shown) < 0.01, "the browser and the server agree which side is up");
  await page.locator("#file").setInputFiles(join(examples, "menu.png"));
  await page.locator("#history li:nth-child(2) button").waitFor();
  await page.locator("#history li:nth-child(2) button").click();
  await page.locator("#send:enabled").waitFor();
  assert.equal((await text(page, ".module .time"))[0].length > 0, true);
  assert.deepEqual(page.wrong, []);
  await page.context().close();
}

async function failures() {
  const page = await open(1280);
  const told = async (pattern) => {
    await page.locator("#error:visible", { hasText: pattern }).waitFor({ timeout: 5000 });
    assert.ok(await page.locator("#invitation").isVisible(), "the page is as before the picture");
  };
  const send = (buffer) => page.locator("#file").setInputFiles({ name: "a.png", mimeType: "image/png", buffer });
  await send(Buffer.from("%PDF-1.7"));
  await told(/PDF/);
  await page.screenshot({ path: join(shots, "4-error-1280-light.png") });
  await send(Buffer.alloc(26 << 20, 1));
  await told(/at most/);
  await page.route("**/v1/**", (route) => route.abort());
  await page.locator("[data-example='beach.jpg']").click();
  await told(/does not answer/);
  await page.context().close();
}

try {
  for (const theme of ["light", "dark"]) for (const width of [1280, 390]) await story(width, theme);
  await uploadsAndHistory();
  await failures();
  console.log(`the page works; screenshots in ${shots}`);
} finally {
  await browser.close();
}
