import assert from "node:assert/strict";
import { test } from "node:test";
import { further, merged, type Step } from "./merging.ts";

const at = (minute: number) => `2026-11-28T10:${String(minute).padStart(2, "0")}:00Z`;
const item = (id: string, minute: number) => ({ id, at: at(minute), tone: "ok" as const, title: id });

test("nothing older than what every source has told is shown", () => {
  const steps: Step[] = [
    {
      found: {
        events: { items: [item("e1", 50), item("e2", 40)], next: "more" },
        results: { items: [item("r1", 45), item("r2", 10)], next: null },
      },
      failed: {},
    },
  ];
  assert.deepEqual(
    merged(steps).map((one) => one.id),
    ["e1", "r1", "e2"],
  );
  assert.deepEqual(further(steps), { events: "more" });
  steps.push({ found: { events: { items: [item("e3", 5)], next: null } }, failed: {} });
  assert.deepEqual(
    merged(steps).map((one) => one.id),
    ["e1", "r1", "e2", "r2", "e3"],
  );
  assert.equal(further(steps), null);
});
