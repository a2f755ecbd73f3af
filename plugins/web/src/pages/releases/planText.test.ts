import assert from "node:assert/strict";
import { test } from "node:test";
import { type Plan, readPlan, writePlan } from "./planText.ts";

test("what is written is read again, in its order", () => {
  const plan: Plan = {
    version: "1.0+beta & more",
    jitter: "1h 30m",
    waves: [{ type: "group", value: "canary" }, { type: "group", value: "a=b/c" }, { type: "global" }],
  };
  assert.deepEqual(readPlan(writePlan(plan)), plan);
});

test("what is no plan is none: never one for everybody", () => {
  for (const state of ["", "version=1", "wave=*", "version=1&wave=", "q=x&f=a:eq:b"]) {
    assert.equal(readPlan(state), null, state);
  }
});
