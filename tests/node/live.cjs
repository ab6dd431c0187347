// Has a status page open in Chromium, as a reader does, while it changes.
//
// Reads a command as JSON from each line of its input and answers it with a line: { "said": … } or { "fault": "…" };
// tests/scenarios/browser_live.rs tells it. NODE_PATH says where the packages are.
"use strict";
const { createInterface } = require("node:readline");
const { PATIENCE, launch } = require("./chromium.cjs");

const WATCH = "/pharos.incidents.v1.StatusService/WatchPage";

/** A page that is open, and all that it asked for and complained of since somebody wanted to know. */
class Reader {
  asked = [];
  complaints = [];
  #beats = 0;
  #onBeat = () => {};

  static async open(browser, { at, path, scripts = true }) {
    const context = await browser.newContext({
      baseURL: at,
      locale: "en",
      timezoneId: "Asia/Tokyo",
      viewport: { width: 800, height: 600 },
      javaScriptEnabled: scripts,
    });
    context.setDefaultTimeout(PATIENCE);
    const reader = new Reader();
    reader.page = await context.newPage();
    reader.page.on("request", (request) => reader.asked.push(new URL(request.url()).pathname));
    reader.page.on("pageerror", (error) => reader.complaints.push(String(error)));
    reader.page.on("console", (message) => {
      const { url } = message.location();
      // the browser asks for it by itself
      if (message.type() === "error") {
        reader.complaints.push(`${message.text()} (${url})`);
      }
    });
    await reader.#hear(context);
    await reader.page.goto(path);
    if (scripts) {
      await reader.page.evaluate(() => { window.marker = "still the same document"; });
    }
    return reader;
  }

  // Each piece of a stream of versions is a sign of life.
  async #hear(context) {
    const devtools = await context.newCDPSession(this.page);
    await devtools.send("Network.enable");
    const streams = new Set();
    devtools.on("Network.requestWillBeSent", ({ requestId, request }) => {
      if (new URL(request.url).pathname === WATCH) {
        streams.add(requestId);
      }
    });
    devtools.on("Network.dataReceived", ({ requestId }) => {
      if (streams.has(requestId)) {
        this.#beats += 1;
        this.#onBeat();
      }
    });
  }

  /** Waits for so many signs of life more. */
  async beats({ count }) {
    const wanted = this.#beats + count;
    await new Promise((done) => {
      this.#onBeat = () => this.#beats >= wanted && done();
      this.#onBeat();
    });
  }

  /** Waits until this is to be read. */
  async shows({ text }) {
    await this.page.locator("main", { hasText: text }).waitFor();
  }

  /** Waits until the page no longer says that it may not be the newest. */
  async isSure() {
    await this.page.locator(".as-of").waitFor({ state: "detached" });
  }

  async text() {
    return this.page.innerText("body");
  }

  /** What was asked for, and then forgets it. */
  async wasAsked() {
    return this.asked.splice(0);
  }

  async complained() {
    return this.complaints.splice(0);
  }

  async selects({ text }) {
    await this.page.evaluate((wanted) => {
      const nodes = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
      while (nodes.nextNode()) {
        const start = nodes.currentNode.data.indexOf(wanted);
        if (start >= 0) {
          getSelection().setBaseAndExtent(nodes.currentNode, start, nodes.currentNode, start + wanted.length);
        }
      }
    }, text);
  }

  /** Unfolds the first group with the keyboard, and begins to type into the form. */
  async isBusy({ typed }) {
    await this.page.locator("details.group summary").first().focus();
    await this.page.keyboard.press("Enter");
    await this.page.locator("#locale").selectOption("de");
    await this.page.locator("#email").focus();
    await this.page.keyboard.type(typed);
    await this.page.keyboard.press("Home");
  }

  /** Where the reader is, and what is theirs. */
  async state() {
    return this.page.evaluate(() => {
      const times = [...document.querySelectorAll("time")];
      return {
        marker: window.marker,
        version: Number(document.body.dataset.version),
        isSure: !document.querySelector(".as-of"),
        title: document.title,
        heading: document.querySelector(".overall h2")?.textContent,
        announced: document.querySelector("[role=status][aria-live=polite]")?.textContent,
        fresh: [...document.querySelectorAll(".fresh")].map((it) => it.id || it.className),
        unfolded: [...document.querySelectorAll("details")].map((it) => it.open),
        typed: document.querySelector("#email")?.value,
        chosen: document.querySelector("#locale")?.value,
        focused: document.activeElement.id,
        selected: getSelection().toString(),
        inForm: document.querySelector("#email")?.getBoundingClientRect().top,
        untold: times.filter((it) => !it.title.includes("GMT+9")).map((it) => it.outerHTML),
        times: times.length,
      };
    });
  }

  async close() {
    await this.page.context().close();
  }
}

async function main() {
  const browser = await launch();
  const readers = new Map();
  for await (const line of createInterface({ input: process.stdin })) {
    const { reader, does, ...rest } = JSON.parse(line);
    let answer;
    try {
      if (does === "open") {
        readers.set(reader, await Reader.open(browser, rest));
        answer = { said: null };
      } else {
        answer = { said: await readers.get(reader)[does](rest) ?? null };
      }
    } catch (error) {
      answer = { fault: String(error) };
    }
    console.log(JSON.stringify(answer));
  }
  await browser.close();
}

main();
