// The page in a real browser against the real program. `make page` runs it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { DESK, PHONE, answered, ask, close, example, give, inspect, launch, open, texts } from "./browser.mjs";
import { Endpoint } from "./endpoint.mjs";
import { Server } from "./server.mjs";

let browser, endpoint, server;

before(async () => {
  endpoint = await Endpoint.start();
  server = new Server(endpoint.url);
  [browser] = await Promise.all([launch(), server.start()]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
  endpoint?.stop();
});

test("a picture is seen module by module, and later questions look at nothing", async () => {
  const page = await open(browser, server.url);
  await inspect(page, "1-empty");
  const order = [];
  await page.exposeFunction("filled", (name) => order.push(name));
  await page.evaluate(() => new MutationObserver(() => {
    for (const block of document.querySelectorAll(".module:not(.pending, [data-told])")) {
      block.dataset.told = "yes";
      globalThis.filled(block.className.split(" ")[1]);
    }
  }).observe(document.getElementById("modules"), { childList: true }));
  await page.locator("#file").setInputFiles(example("shapes.png"));
  await page.locator("#send:enabled").waitFor();
  assert.deepEqual(order, ["tags", "attributes", "captions", "ocr"]);
  assert.match((await texts(page, ".tags .time"))[0], /^\d+(\.\d)? m?s$/);
  assert.ok(await page.locator(".tags .bar").count() > 0, "tags have bars");
  assert.match(await page.locator("#picture").getAttribute("alt"), /\w/);
  await inspect(page, "2-evidence");

  await ask(page, "How many circles are there?");
  await answered(page, 1);
  const looks = await server.looks();
  await ask(page, "And which colour?");
  await answered(page, 2);
  assert.equal(await server.looks(), looks, "no vision for a second question");
  const [, second] = await texts(page, "#answers pre");
  assert.match(second, /How many circles are there\?[^]*And which colour\?/, "the turn before is told");
  await close(page);
});

test("a module that is off is not in the prompt, and the page says what an answer rests on", async () => {
  const page = await open(browser, server.url, { viewport: PHONE, theme: "dark" });
  await inspect(page, "1-empty");
  await page.locator("[data-example='shapes.png']").click();
  await answered(page, 1);
  await inspect(page, "2-evidence");
  const [all] = await texts(page, "#answers pre");
  const caption = (await texts(page, ".captions .text"))[0].replace(/ said \d+ times$/, "");
  assert.ok(all.includes(caption), all);
  await page.locator("input[value=captions]").press("Space");
  await answered(page, 2);
  const [, rest] = await texts(page, "#answers pre");
  assert.ok(!rest.includes(caption), rest);
  const [without, verdict] = await texts(page, "li:nth-child(2) .pill");
  assert.equal(without, "without captions");
  const [one, other] = await texts(page, ".answer");
  assert.equal(verdict, one.toLowerCase() === other.toLowerCase() ? "the same answer" : "another answer");

  await page.locator("li:first-child .foot button").click();
  await page.locator(".verdict:not(.busy)").waitFor();
  assert.match((await texts(page, ".verdict"))[0], /^(It rests on the |No single module|It says the same)/);
  const switches = await page.locator("input[name=module]").count();
  assert.equal(await page.locator(".ablation li").count(), switches + 1, "without each that found something, and without all");
  await page.locator("li:nth-child(2) summary").click();
  await inspect(page, "3-module-off");
  await close(page);
});

test("another language model is chosen, streams, and reads exactly the prompt that is shown", async () => {
  const page = await open(browser, server.url);
  await page.locator("#file").setInputFiles(example("menu.png"));
  await page.locator("#send:enabled").waitFor();
  await page.locator("select[name=llm]").selectOption("second");
  await ask(page, "How much is the soup?");
  const asked = await endpoint.next();
  asked.say("Six ");
  await page.locator(".answer.coming", { hasText: "Six" }).waitFor();
  asked.say("ninety.");
  asked.end();
  await answered(page, 1);
  assert.deepEqual(await texts(page, ".answer"), ["Six ninety."]);
  assert.deepEqual(await texts(page, ".reader"), ["second"]);
  const [messages] = endpoint.read.slice(-1);
  assert.deepEqual(await texts(page, "#answers pre"), messages.map(({ content }) => content));
  assert.match((await texts(page, ".fence"))[0], /^<evidence [0-9a-f]{16}>\n$/);
  await page.locator("#answers summary").click();
  await inspect(page, "4-prompt");

  await ask(page, "And the cake?");
  (await endpoint.next()).say("Three ");
  await page.locator(".answer.coming", { hasText: "Three" }).waitFor();
  await page.locator("#send", { hasText: "Stop" }).click();
  await answered(page, 1);
  assert.equal(await page.locator("#send").textContent(), "Ask");
  await close(page);
});

for (const [viewport, theme] of [[DESK, "dark"], [PHONE, "light"]]) {
  test(`two language models answer side by side, ${viewport.width} pixels wide`, async () => {
    const page = await open(browser, server.url, { viewport, theme });
    await page.locator("#file").setInputFiles(example("beach.jpg"));
    await page.locator("#send:enabled").waitFor();
    await page.locator("select[name=beside]").selectOption("second");
    await ask(page, "Where is this?");
    const asked = await endpoint.next();
    asked.say("On a quiet beach, under a clear sky.");
    asked.end();
    await answered(page, 1);
    const names = await texts(page, ".reader");
    assert.deepEqual([names.length, names[1]], [2, "second"]);
    assert.match((await texts(page, ".pill"))[0], /^they (agree|differ)$/);
    const [one, other] = await Promise.all([0, 1].map((index) => page.locator(".column").nth(index).boundingBox()));
    assert.equal(viewport === DESK ? one.y === other.y : one.x === other.x, true, "beside each other, or one below the other");

    await page.locator("#views summary").click();
    await page.locator("#views img").first().waitFor();
    const sizes = await page.locator("#views img").evaluateAll((images) => images.map((image) => [image.naturalWidth, image.naturalHeight]));
    for (const [across, down] of sizes) assert.ok(across === down && across > 16, `${sizes}`);
    assert.match((await texts(page, "#views figcaption"))[0], /^tags.*, \d+ × \d+$/);
    await inspect(page, "5-side-by-side");
    await close(page);
  });
}

test("phone photos are upright, by file, by drop and by paste", async () => {
  const page = await open(browser, server.url);
  const photo = readFileSync(example("sign-turned.jpg"));
  const ways = [() => page.locator("#file").setInputFiles(example("sign-turned.jpg")), () => give(page, "drop", photo), () => give(page, "paste", photo)];
  for (const way of ways) {
    await page.locator("#about").evaluate((about) => about.replaceChildren());
    await way();
    await page.locator("#about:not(:empty)").waitFor();
    const [across, down] = (await texts(page, "#about"))[0].split(",")[0].split(" × ").map(Number);
    await page.locator("#picture:visible").waitFor();
    const shown = await page.locator("#picture").evaluate((image) => image.naturalWidth / image.naturalHeight);
    assert.ok(down > across && Math.abs(across / down - shown) < 0.01, "the browser and the server agree which side is up");
  }
  await close(page);
});

test("pictures and answers are still there after a reload, until they are forgotten", async () => {
  const page = await open(browser, server.url);
  await page.locator("[data-example='beach.jpg']").click();
  await answered(page, 1);
  const answer = await texts(page, ".answer"), looks = await server.looks();
  await page.locator("#theme").click();
  await page.reload();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  await page.locator("#history li button").click();
  await answered(page, 1);
  assert.deepEqual(await texts(page, ".answer"), answer);
  assert.equal(await server.looks(), looks, "what was seen before is not looked at again");
  await ask(page, "Is anybody there?");
  await answered(page, 2);
  assert.match((await texts(page, "#answers pre"))[1], /Where is this\?[^]*Is anybody there\?/, "the story goes on");
  await page.reload();
  await page.locator("#forget").click();
  await page.locator("#history").waitFor({ state: "hidden" });
  await page.reload();
  assert.ok(await page.locator("#history").isHidden());
  await close(page);
});

test("the keyboard is enough", async () => {
  const page = await open(browser, server.url);
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.dataset.example);
  const reached = [];
  for (let step = 0; step < 3; step++) {
    await page.keyboard.press("Tab");
    reached.push(await focused());
  }
  assert.deepEqual(reached, ["theme", "file", "beach.jpg"]);
  await page.keyboard.press("Enter");
  await answered(page, 1);
  await page.locator("#question").focus();
  await page.keyboard.type("What is in front?");
  await page.keyboard.press("Enter");
  await answered(page, 2);
  assert.match(await page.locator("#told").textContent(), /\S: \S/, "those who hear the page are told the answer");
  await close(page);
});

test("what goes wrong is told with what to do", async () => {
  const page = await open(browser, server.url);
  const told = async (pattern, again) => {
    await page.locator("#error p:visible", { hasText: pattern }).waitFor();
    assert.equal(await page.locator("#error button").isVisible(), again);
  };
  await page.locator("#file").setInputFiles({ name: "a.png", mimeType: "image/png", buffer: Buffer.from("%PDF-1.7") });
  await told(/^Expected a .* picture, found a PDF document\.$/, false);
  assert.ok(await page.locator("#invitation").isVisible(), "the page is as before the picture");
  await inspect(page, "6-no-picture");
  await give(page, "drop", readFileSync(example("beach.jpg")), 26 << 20);
  await told(/26 MiB; this server takes at most 24 MiB\. Choose a smaller one/, false);
  await page.locator("[data-example='shapes.png']").click();
  await answered(page, 1);
  assert.deepEqual(page.wrong.splice(0), [], "refusals are no errors of the page");

  await server.kill();
  await ask(page, "Are you there?");
  await told(/^The server does not answer/, true);
  assert.equal(await page.locator("#answers > li").count(), 1, "a question without an answer does not stay");
  await inspect(page, "7-server-gone");
  await server.start();
  await page.locator("#error button").click();
  await answered(page, 2);
  assert.ok(await page.locator("#error").isHidden());
  assert.ok(page.wrong.splice(0).every((line) => line.includes("ERR_CONNECTION")), "nothing but the lost connection");
  await close(page);
});
