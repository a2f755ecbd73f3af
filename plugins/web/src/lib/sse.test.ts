import assert from "node:assert/strict";
import { test } from "node:test";
import { EventParser } from "./sse.ts";

test("events that arrive in pieces are given once they are complete", () => {
  const parser = new EventParser();
  assert.deepEqual(parser.take("id: 7\nevent: com"), []);
  assert.deepEqual(parser.take('mit\ndata: {"a":1}\n'), []);
  assert.deepEqual(parser.take("\n: still here\n\nid: 8\n"), [{ id: "7", event: "commit", data: '{"a":1}' }]);
  assert.deepEqual(parser.take("event: reset\ndata: x\ndata: y\n\n"), [
    { id: "8", event: "reset", data: "x\ny" },
  ]);
});

test("comments and blocks without data are no events", () => {
  assert.deepEqual(new EventParser().take(": still here\n\nid: 9\n\n"), []);
});
