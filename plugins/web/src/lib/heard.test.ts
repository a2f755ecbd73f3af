import assert from "node:assert/strict";
import { test } from "node:test";
import { Heard } from "./heard.ts";

function told(commit: number, topic = "results") {
  return { kind: "changed", commit, topics: { [topic]: "all" } } as const;
}

test("a tab that comes late is told what the others were told meanwhile", () => {
  const heard = new Heard();
  heard.begin(4);
  for (const commit of [5, 7, 9]) heard.keep(told(commit));
  assert.deepEqual(heard.since(4), [told(5), told(7), told(9)]);
  assert.deepEqual(heard.since(6), [told(7), told(9)]);
  assert.deepEqual(heard.since(12), []);
});

test("a change without a commit is told to whoever stands at its number", () => {
  const heard = new Heard();
  heard.begin(4);
  heard.keep(told(4, "kv:jobs"));
  assert.deepEqual(heard.since(4), [told(4, "kv:jobs")]);
});

test("what was before the stream began is not known, and everything is asked again", () => {
  const heard = new Heard();
  heard.begin(4);
  heard.keep(told(6));
  assert.deepEqual(heard.since(3), [{ kind: "reset", commit: 6 }]);
});

test("what was pushed out is not known either", () => {
  const heard = new Heard();
  heard.begin(0);
  for (let commit = 1; commit <= 150; commit += 1) heard.keep(told(commit));
  assert.deepEqual(heard.since(20), [{ kind: "reset", commit: 150 }]);
  assert.equal(heard.since(50).length, 101 - 1);
});

test("before anything was heard, and for a tab that shows nothing yet, there is nothing to say", () => {
  const heard = new Heard();
  assert.deepEqual(heard.since(3), []);
  heard.begin(4);
  heard.keep(told(5));
  assert.deepEqual(heard.since(null), []);
  heard.forget();
  assert.deepEqual(heard.since(3), []);
});
