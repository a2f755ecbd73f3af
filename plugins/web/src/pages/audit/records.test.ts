import assert from "node:assert/strict";
import { test } from "node:test";
import { differences, exactly } from "./records.ts";

test("what differs is named by its path", () => {
  assert.deepEqual(differences({ a: 1, b: { c: [1], d: 2 } }, { a: 1, b: { c: [1, 2] }, e: null }), [
    { key: "b.c", before: "[1]", after: "[1,2]" },
    { key: "b.d", before: "2", after: undefined },
    { key: "e", before: undefined, after: "null" },
  ]);
  assert.deepEqual(differences(null, null), []);
});

test("a text is matched as it is", () => {
  assert.equal(exactly("pcs.a+b"), "^pcs\\.a\\+b$");
});
