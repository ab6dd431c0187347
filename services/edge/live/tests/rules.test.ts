import assert from "node:assert/strict";
import { test } from "node:test";
import { isPassing } from "../src/fetching";
import { isLately } from "../src/reloading";
import { mayChange, mayMorph, unseen } from "../src/rules";

const node = (nodeName: string, children = 0): Node =>
  ({ nodeName, hasChildNodes: () => children > 0 }) as unknown as Node;

test("an update unfolds only what no reader has touched, and folds nothing", () => {
  const details = node("DETAILS");
  assert.equal(mayChange("open", details, "update", false), true);
  assert.equal(mayChange("open", details, "update", true), false);
  assert.equal(mayChange("open", details, "remove", false), false);
  assert.equal(mayChange("open", details, "remove", true), false);
});

test("all other attributes follow the page", () => {
  assert.equal(mayChange("class", node("DETAILS"), "remove", true), true);
  assert.equal(mayChange("open", node("DIALOG"), "remove", true), true);
});

test("a form that is there stays as it is, and a new one is filled", () => {
  assert.equal(mayMorph(node("FORM", 3)), false);
  assert.equal(mayMorph(node("FORM", 0)), true);
  assert.equal(mayMorph(node("SECTION", 3)), true);
});

test("new updates are those that were not there before", () => {
  assert.deepEqual(unseen(["upd_1", "upd_2"], ["upd_3", "upd_2", "upd_1"]), ["upd_3"]);
  assert.deepEqual(unseen(["upd_1"], []), []);
});

test("who is overloaded or away may answer soon, who knows no such page does not", () => {
  for (const status of [408, 429, 500, 502, 503, 504]) {
    assert.equal(isPassing(status), true, `${status}`);
  }
  for (const status of [200, 304, 403, 404, 410]) {
    assert.equal(isPassing(status), false, `${status}`);
  }
});

test("a page is not loaded anew twice within ten minutes, whatever the clock does", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  assert.equal(isLately(null, now), false);
  assert.equal(isLately(String(now - 60_000), now), true);
  assert.equal(isLately(String(now - 601_000), now), false);
  assert.equal(isLately(String(now + 3_600_000), now), false);
});
