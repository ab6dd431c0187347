// Starts the Chromium of this machine.
"use strict";
const { accessSync, constants } = require("node:fs");
const { delimiter, join } = require("node:path");
const { chromium } = require("playwright-core");

/** How long to wait for anything, in milliseconds. */
const PATIENCE = 60_000;

function executable() {
  const folders = process.env.PATH.split(delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const all = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = all.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  return found ?? (() => { throw new Error("Chromium is missing; run: make chromium"); })();
}

function launch(...args) {
  if (process.getuid?.() === 0) {
    args.push("--no-sandbox");
  }
  return chromium.launch({ executablePath: executable(), args, timeout: PATIENCE });
}

module.exports = { PATIENCE, launch };
