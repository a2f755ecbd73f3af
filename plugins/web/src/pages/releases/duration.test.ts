import assert from "node:assert/strict";
import { test } from "node:test";
import { seconds } from "./duration.ts";

const KNOWN: [string, number | null][] = [
  ["5m", 300],
  ["1h 30m", 5_400],
  ["1h30m", 5_400],
  ["2 days", 172_800],
  ["500ms", 0.5],
  ["", null],
  ["5", null],
  ["5 parsecs", null],
  ["soon", null],
  ["5m soon", null],
];

for (const [text, expected] of KNOWN) {
  test(`a span of "${text}"`, () => assert.equal(seconds(text), expected));
}
