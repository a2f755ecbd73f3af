import assert from "node:assert/strict";
import { test } from "node:test";
import { middle, visible } from "./text.ts";

test("what a terminal would obey is shown as a sign", () => {
  assert.equal(visible("a\u001b[31mb\u0000"), "a\u241b[31mb\u2400");
  assert.equal(visible("abc\u202egnp.exe"), "abc\u27e8202E\u27e9gnp.exe");
  assert.equal(visible("one\r\ntwo\tthree"), "one\ntwo\tthree");
});

test("the middle is cut, and both ends stay", () => {
  assert.equal(middle("0123456789abcdef", 9), "01234…def");
  assert.equal(middle("short", 9), "short");
});
