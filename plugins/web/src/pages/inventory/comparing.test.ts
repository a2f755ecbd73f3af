import assert from "node:assert/strict";
import { test } from "node:test";
import { compared } from "./comparing.ts";

const job = (facts: unknown) => ({
  job_id: "hw",
  facts,
  display: [
    { field: "ram", label: "RAM" },
    { field: "apps", label: "Apps", columns: [{ field: "name", label: "Name" }] },
  ],
  collected_at: null,
});

test("rows of a table are paired by what names them", () => {
  const one = job({
    ram: 8,
    apps: [
      { name: "Git", version: "1" },
      { name: "Zoom", version: "6" },
    ],
  });
  const other = job({ ram: 8, apps: [{ name: "Git", version: "2" }], serial: "x" });
  const [found] = compared([one], [other]);
  assert.deepEqual(
    found?.pairs.map((pair) => [pair.label, pair.element, pair.one, pair.other, pair.differs]),
    [
      ["RAM", "", 8, 8, false],
      ["Apps", "Git", "version: 1", "version: 2", true],
      ["Apps", "Zoom", "version: 6", undefined, true],
      ["serial", "", undefined, "x", true],
    ],
  );
});

test("a job that only one of them ran has pairs too", () => {
  assert.deepEqual(
    compared([job({ ram: 8 })], []).map((one) => one.pairs.map((pair) => pair.differs)),
    [[true]],
  );
});
