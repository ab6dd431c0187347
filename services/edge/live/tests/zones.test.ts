import assert from "node:assert/strict";
import { test } from "node:test";
import { formatOf, inWords } from "../src/zones";

test("an instant is told in the visitor's zone and the page's language", () => {
  const german = inWords("2026-11-21T22:30:00Z", formatOf("de", "Asia/Tokyo"));
  assert.match(german ?? "", /^22\. November 2026 um 07:30:00 (MEZ|GMT\+9|JST)$/);
  const english = inWords("2026-11-21T22:30:00.123456+02:00", formatOf("en", "America/New_York"));
  assert.match(english ?? "", /^November 21, 2026 at 3:30:00\sPM EST$/);
});

test("a date, a time without an offset, and nonsense are no instants", () => {
  const format = formatOf("en", "UTC");
  for (const text of ["2026-11-21", "2026-11", "2026-11-21T22:30", "PT5M", "", "2026-13-41T22:30:00Z", "now"]) {
    assert.equal(inWords(text, format), undefined, text);
  }
});

test("a page whose language nobody knows tells times in English", () => {
  for (const language of ["", "no language", "x"]) {
    assert.match(inWords("2026-11-21T22:30:00Z", formatOf(language, "UTC")) ?? "", /November 21, 2026/);
  }
});
