import assert from "node:assert/strict";
import { test } from "node:test";
import { parentOf, parsed, pathAt, rangeOf } from "./places.ts";

const TEXT = `id: job
execute:
  shell: cmd
  script: |
    echo one
steps:
  - name: a
    run: x
  - name: b
`;
const LINES = TEXT.split("\n");

test("the range of a place is its key", () => {
  const [from, to] = rangeOf(parsed(TEXT), ["execute", "shell"], TEXT.length);
  assert.equal(TEXT.slice(from, to), "shell");
});

test("what is missing is marked at what it is missing from", () => {
  const [from, to] = rangeOf(parsed(TEXT), ["execute", "timeout"], TEXT.length);
  assert.equal(TEXT.slice(from, to), "execute");
});

test("the path under a position", () => {
  assert.deepEqual(pathAt(TEXT, TEXT.indexOf("cmd") + 1), { path: ["execute", "shell"], key: false });
  assert.deepEqual(pathAt(TEXT, TEXT.indexOf("shell") + 1), { path: ["execute", "shell"], key: true });
  assert.deepEqual(pathAt(TEXT, TEXT.lastIndexOf("name") + 1), { path: ["steps", 1, "name"], key: true });
});

test("the map that a new line belongs to, by its indentation", () => {
  assert.deepEqual(parentOf(LINES, 3, 2), ["execute"]);
  assert.deepEqual(parentOf(LINES, 5, 0), []);
  assert.deepEqual(parentOf(LINES, 7, 4), ["steps", 0]);
  assert.deepEqual(parentOf([...LINES, "    "], 9, 4), ["steps", 1]);
});
