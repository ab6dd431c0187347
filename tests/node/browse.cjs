// Looks at status pages as people meet them: in Chromium, and through axe for whoever cannot see or point.
//
// node browse.cjs < STEPS, a list of what to do, as JSON; tests/scenarios/browser.rs tells it. A line a check is
// printed, then a line a fault; it ends with 1 if there was any. NODE_PATH says where the packages are;
// PHAROS_SCREENSHOTS, if it is set, is the folder that every look is drawn into.
"use strict";
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const axe = require("axe-core");
const { PATIENCE, launch } = require("./chromium.cjs");

const SIZES = [{ width: 390, height: 844 }, { width: 1280, height: 900 }];
// The width at which nobody should have to scroll sideways (WCAG 2.2, 1.4.10).
const NARROWEST = { width: 320, height: 568 };
const SCHEMES = ["light", "dark"];
const RULES = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] };
// Where feeds say that there is HTML; all else in them is text.
const HTML = "item > description, item > encoded, content[type=html], summary[type=html]";
const ELSEWHERE = "http://customer.example/";
const faults = [];

function check(holds, what) {
  if (!holds) {
    faults.push(what);
  }
}

// A tab that complains of what no page of ours may do.
async function tab(browser, at, options = {}) {
  const context = await browser.newContext({ baseURL: at, ...options });
  context.setDefaultTimeout(PATIENCE);
  await context.addInitScript({ content: axe.source });
  const page = await context.newPage();
  page.on("dialog", (dialog) => faults.push(`${page.url()} asks: ${dialog.message()}`));
  page.on("pageerror", (error) => faults.push(`${page.url()}: ${error}`));
  page.on("console", (message) => {
    const { url } = message.location();
    // that a page is missing is said of the page that we asked for
    const expected = url === page.url();
    check(message.type() !== "error" || expected, `${page.url()} complains of ${url}: ${message.text()}`);
  });
  page.on("request", (request) => {
    const { origin } = new URL(request.url());
    const allowed = [new URL(at).origin, new URL(ELSEWHERE).origin];
    check(allowed.includes(origin), `${page.url()} asks ${request.url()}`);
  });
  return page;
}

// The page that is open, in each size and scheme.
async function inspect(page, language, what) {
  let undecided = 0;
  check(await page.getAttribute("html", "lang") === language, `${what}: <html lang> is not ${language}`);
  await page.evaluate(() => document.querySelectorAll("details").forEach((it) => { it.open = true; }));
  // axe cannot tell that no text stands on the stripe, which is drawn with a gradient
  const setStripes = (image) => page.evaluate((value) => {
    document.querySelectorAll(".incident").forEach((it) => { it.style.backgroundImage = value; });
  }, image);
  for (const size of [NARROWEST, ...SIZES]) {
    await page.setViewportSize(size);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    check(wide <= 0, `${what}: ${wide} pixels too wide at ${size.width}`);
    for (const colorScheme of size === NARROWEST ? [] : SCHEMES) {
      await page.emulateMedia({ colorScheme });
      const look = `${what} at ${size.width}, ${colorScheme}`;
      await setStripes("none");
      const found = await page.evaluate((runOnly) => {
        const rules = { "target-size": { enabled: true } };
        return axe.run({ runOnly, rules, preload: false, resultTypes: ["violations", "incomplete"] });
      }, RULES);
      for (const { id, help, nodes } of found.violations) {
        const places = nodes.slice(0, 3).map((it) => `${it.html.slice(0, 160)} ${it.failureSummary}`).join("; ");
        faults.push(`${look}: ${id}, ${help}: ${places}`.replace(/\s+/g, " "));
      }
      undecided = Math.max(undecided, found.incomplete.reduce((sum, it) => sum + it.nodes.length, 0));
      await setStripes("");
      if (process.env.PHAROS_SCREENSHOTS) {
        const name = `${what}-${size.width}-${colorScheme}.png`.replace(/[^\w.-]+/g, "-");
        await page.screenshot({ path: join(process.env.PHAROS_SCREENSHOTS, name), fullPage: true });
      }
    }
  }
  console.log(`${what}: looked at; axe leaves ${undecided} places to people`);
}

// All pages of one language: { at, language, pages: [[name, path, status]] }.
async function look(browser, { at, language, pages }) {
  const page = await tab(browser, at, { locale: language });
  for (const [name, path, status] of pages) {
    const answer = await page.goto(path);
    check(answer.status() === status, `${language} ${name}: ${answer.status()} instead of ${status}`);
    await inspect(page, language, `${language} ${name}`);
  }
  await page.context().close();
}

// A page says the same to whoever runs no script: { at, path }.
async function withoutScript(browser, { at, path }) {
  const page = await tab(browser, at);
  const body = await (await page.goto(path)).body();
  const still = await tab(browser, at, { javaScriptEnabled: false });
  // the very same answer, for what is said of times goes on
  await still.route(`**${path}`, (route) => route.fulfill({ body, contentType: "text/html; charset=utf-8" }));
  await still.goto(path);
  const [wanted, found] = [await page.innerText("body"), await still.innerText("body")];
  check(wanted.length > 100 && wanted === found, `${path}: another text without script: ${found}`);
  console.log(`${path}: the same ${found.length} characters without script`);
  await page.context().close();
  await still.context().close();
}

// With Tab and Enter alone: { at, path }.
async function walk(browser, { at, path }) {
  const page = await tab(browser, at);
  const focused = () => page.evaluate(() => {
    const it = document.activeElement;
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(it);
    const { left, top, right, bottom } = it.getBoundingClientRect();
    return {
      what: it.outerHTML.slice(0, 120),
      isBody: it === document.body,
      isSkip: it.matches("a.skip"),
      isMain: it.matches("main"),
      isOutlined: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && !/, 0\)$/.test(outlineColor),
      isInSight: right > 0 && bottom > 0 && left < innerWidth && top < innerHeight,
    };
  });
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    await page.goto(path);
    await page.keyboard.press("Tab");
    check((await focused()).isSkip, `${path}: Tab leads first to ${(await focused()).what}`);
    let count = 0;
    for (let it = await focused(); !it.isBody && count < 500; it = await focused()) {
      check(it.isOutlined && it.isInSight, `${path}, ${colorScheme}: focus is not to be seen: ${it.what}`);
      count += 1;
      await page.keyboard.press("Tab");
    }
    check(count > 10 && count < 500, `${path}: ${count} stops`);
    await page.goto(path);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    check((await focused()).isMain, `${path}: the skip link leads to ${(await focused()).what}`);
    await page.keyboard.press("Tab");
    const next = await page.evaluate(() => document.activeElement.closest("main") !== null);
    check(next, `${path}: after the skip link, Tab leads out of what is said`);
    console.log(`${path}, ${colorScheme}: ${count} stops with Tab, each outlined`);
  }
  await page.context().close();
}

// Presses a button, and returns once the answer is there.
async function submit(page, button) {
  const posted = page.waitForResponse((response) => response.request().method() === "POST");
  await Promise.all([page.waitForEvent("load"), button.click()]);
  return (await posted).status();
}

// Asks for the mails by the form on the front, after a slip on the form with all choices: { at, path, email }.
async function ask(browser, { at, path, email }) {
  const page = await tab(browser, at, { locale: "en" });
  await page.goto(`${path}/subscribe`);
  await page.getByRole("textbox", { name: "Email" }).fill(email);
  await page.locator("#time-zone").fill("Nowhere/Atlantis");
  check(await submit(page, page.locator("main form button")) === 422, "a time zone that is none is taken");
  check(await page.locator("#time-zone").evaluate((it) => it === document.activeElement), "the slip is not focused");
  await inspect(page, "en", "form with a slip");
  await page.goto(path);
  await page.getByRole("textbox", { name: "Email" }).fill(email);
  check(await submit(page, page.locator("#subscribe form button")) === 200, "the form does not work");
  await inspect(page, "en", "asked for mails");
  await page.context().close();
}

// Opens the link of a mail and presses the one button there: { at, link, what }.
async function press(browser, { at, link, what }) {
  const page = await tab(browser, at, { locale: "en" });
  await page.goto(link);
  const question = await page.innerText("h1");
  check(await submit(page, page.locator("main form button")) === 200, `${what}: the button does not work`);
  const answer = await page.innerText("h1");
  check(answer !== question, `${what}: nothing new is said than "${question}"`);
  console.log(`${what}: "${question}", and after the button "${answer}"`);
  await inspect(page, "en", what);
  await page.context().close();
}

// Visits what is made of texts that try to be more than texts; they call hacked().
// { at, base, texts, pages: [{ path, shows }], documents: [path], feeds: [path] }
async function provoke(browser, story) {
  const { at, base, texts, pages, documents, feeds } = story;
  // Once as it is, and once without the policy: each must hold alone.
  for (const bypassCSP of [false, true]) {
    const how = bypassCSP ? "without policy" : "with policy";
    const page = await tab(browser, at, { bypassCSP });
    const ran = [];
    await page.context().exposeBinding("hacked", () => { ran.push(page.url()); });
    const settled = () => page.evaluate(() => new Promise((done) => {
      requestAnimationFrame(() => requestAnimationFrame(done));
    }));
    for (const { path, shows } of pages) {
      await page.goto(path);
      await page.evaluate(() => document.querySelectorAll("details").forEach((it) => { it.open = true; }));
      await settled();
      const said = await page.innerText("body");
      shows.filter((text) => !said.includes(text)).forEach((text) => faults.push(`${path} does not show ${text}`));
      const strange = await page.evaluate(() => {
        const foreign = "script:not(head > [src^='/static/live-']), iframe, object, embed, img, base, video, math, style, [http-equiv]";
        const made = [...document.querySelectorAll(foreign)];
        const handles = (it) => it.getAttributeNames().some((name) => name.startsWith("on"));
        const leads = (it) => !["http:", "https:", "mailto:"].includes(it.protocol);
        const all = [...document.querySelectorAll("*")];
        return [...made, ...all.filter(handles), ...[...document.links].filter(leads)].map((it) => it.outerHTML);
      });
      strange.forEach((it) => faults.push(`${path} has become ${it}`));
      console.log(`${path}, ${how}: shows ${shows.length} texts`);
    }
    for (const path of documents) {
      await page.goto(path).catch((error) => check(/Download is starting/.test(error.message), `${path}: ${error}`));
      console.log(`${path}, ${how}: opened`);
    }
    await page.goto(base);
    for (const path of feeds) {
      const body = await (await page.context().request.get(path)).text();
      // as a reader of feeds that trusts everybody
      const count = await page.evaluate(([text, html]) => {
        const told = (kind) => [...new DOMParser().parseFromString(text, kind).querySelectorAll(html)];
        const parts = text.startsWith("{")
          ? JSON.parse(text).items.map((item) => item.content_html ?? "")
          : told("application/xml").map((it) => it.textContent);
        for (const part of parts) {
          document.body.append(Object.assign(document.createElement("div"), { innerHTML: part }));
        }
        return parts.length;
      }, [body, HTML]);
      await settled();
      check(count > 0, `${path} has no texts`);
      console.log(`${path}, ${how}: ${count} texts read`);
    }

    const script = `<script src="${at}${base}/widget.js" data-show="always" async></script>`;
    let customer = `<!doctype html><title>Customer</title>${script}`;
    await page.route(`${ELSEWHERE}**`, (route) => {
      const body = route.request().url() === ELSEWHERE ? customer : "";
      return route.fulfill({ body, contentType: "text/html; charset=utf-8" });
    });
    await page.goto(ELSEWHERE);
    const said = await page.innerText("aside");
    const shown = texts.filter((text) => said.includes(text)).length;
    check(shown > 0, `the widget shows none of the texts: ${said}`);
    const more = await page.locator("aside img, aside script, aside svg").count();
    check(more === 0, `the widget is more than texts: ${said}`);
    await settled();
    console.log(`widget on another site, ${how}: shows ${shown} texts`);
    ran.forEach((url) => faults.push(`${url}, ${how}: a text was run`));

    // That the trap snaps at all: the same texts, by a site that takes them for HTML.
    customer = texts.join("\n");
    await page.goto(ELSEWHERE);
    await settled();
    check(ran.length > 0, "the texts harm nobody, not even who takes them for HTML");
    await page.context().close();
  }
}

const STEPS = { look, withoutScript, walk, ask, press, provoke };

async function main() {
  const steps = JSON.parse(readFileSync(0, "utf8"));
  // customers' sites are not on this machine, and would have to ask to read what is
  const browser = await launch("--disable-features=LocalNetworkAccessChecks");
  try {
    const blame = (step) => (error) => faults.push(`${step.does} did not come to its end: ${error}`);
    await Promise.all(steps.map((step) => STEPS[step.does](browser, step).catch(blame(step))));
  } finally {
    await browser.close();
  }
  faults.forEach((fault) => console.log(`FAULT ${fault}`));
  process.exitCode = faults.length ? 1 : 0;
}

main();
