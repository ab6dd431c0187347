import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "../src/backoff";

test("pauses double up to the longest, and begin anew after a success", () => {
  const backoff = new Backoff({ first: 1000, most: 60_000, least: 0 }, () => 0.5);
  const pauses = Array.from({ length: 8 }, () => backoff.next());
  assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  backoff.reset();
  assert.equal(backoff.next(), 500);
});

test("a pause is drawn from its whole range, or from the part of it that may be left to chance", () => {
  const drawn = (least: number, random: number): number =>
    new Backoff({ first: 1000, most: 60_000, least }, () => random).next();
  assert.equal(drawn(0, 0), 0);
  assert.equal(drawn(0, 0.999), 999);
  assert.equal(drawn(0.5, 0), 500);
  assert.equal(drawn(0.5, 0.999), 999.5);
});

test("pauses stay finite however often it fails", () => {
  const backoff = new Backoff({ first: 100, most: 5000, least: 0.5 }, () => 1);
  const pauses = Array.from({ length: 3000 }, () => backoff.next());
  assert.equal(pauses.at(-1), 5000);
});
