import assert from "node:assert/strict";
import { test } from "node:test";
import { looked, nothing } from "./head.ts";

interface Row {
  id: string;
  at: number;
}

const row = (id: string, at = 0): Row => ({ id, at });
const idOf = (one: Row) => one.id;
const names = (rows: readonly Row[]) => rows.map(idOf);

test("only what is neither loaded nor at the head already is new", () => {
  const loaded = new Set(["a", "b"]);
  const first = looked(nothing<Row>(), [row("c"), row("a")], true, loaded, idOf);
  assert.deepEqual(names(first.waiting), ["c"]);
  const second = looked(first, [row("d"), row("c"), row("a")], true, loaded, idOf);
  assert.deepEqual(names(second.waiting), ["d", "c"]);
  const seen = { ...second, waiting: [], shown: second.waiting };
  assert.deepEqual(names(looked(seen, [row("e"), row("d")], true, loaded, idOf).waiting), ["e"]);
});

test("a row that was loaded far down and comes to the head is not new, and is as it is now", () => {
  const loaded = new Set(Array.from({ length: 1_000 }, (_, place) => `r${place}`));
  const head = looked(nothing<Row>(), [row("r999", 7)], true, loaded, idOf);
  assert.deepEqual(head.waiting, []);
  assert.equal(head.changed.get("r999")?.at, 7);
});

test("where more has come than a page holds, rows are missing in between, and it stays so", () => {
  const loaded = new Set(["a"]);
  const page = [row("d"), row("c")];
  assert.equal(looked(nothing<Row>(), page, false, loaded, idOf).gap, false);
  assert.equal(looked(nothing<Row>(), [...page, row("a")], true, loaded, idOf).gap, false);
  const gone = looked(nothing<Row>(), page, true, loaded, idOf);
  assert.equal(gone.gap, true);
  assert.equal(looked(gone, [row("e"), row("d")], true, loaded, idOf).gap, true);
});
