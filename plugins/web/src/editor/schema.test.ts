import assert from "node:assert/strict";
import { test } from "node:test";
import { aboutAt, keysAt, type Schema, wordsAt } from "./schema.ts";

const ROOT: Schema = {
  type: "object",
  required: ["id"],
  properties: {
    note: { type: "string" },
    id: { type: "string", description: "The name." },
    execute: { $ref: "#/$defs/Execute" },
    steps: { type: "array", items: { $ref: "#/$defs/Execute" } },
    maybe: { anyOf: [{ $ref: "#/$defs/Execute" }, { type: "null" }] },
  },
  $defs: {
    Execute: {
      type: "object",
      description: "What runs.",
      required: ["shell"],
      properties: {
        shell: { $ref: "#/$defs/Shell", description: "Who reads the script." },
        quiet: { type: "boolean" },
      },
    },
    Shell: { oneOf: [{ const: "cmd", description: "The old one." }, { const: "powershell" }] },
  },
};

test("required keys come first", () => {
  assert.deepEqual(
    keysAt(ROOT, []).map((key) => key.name),
    ["id", "note", "execute", "steps", "maybe"],
  );
});

test("references, lists and alternatives are followed", () => {
  for (const path of [["execute"], ["steps", 3], ["maybe"]]) {
    assert.deepEqual(
      keysAt(ROOT, path).map((key) => key.name),
      ["shell", "quiet"],
    );
  }
});

test("words of a choice, each once, with what they mean", () => {
  assert.deepEqual(wordsAt(ROOT, ["execute", "shell"]), [
    { value: "cmd", about: "The old one." },
    { value: "powershell", about: "" },
  ]);
  assert.deepEqual(
    wordsAt(ROOT, ["execute", "quiet"]).map((word) => word.value),
    ["true", "false"],
  );
});

test("a description beside a reference wins over that of what it names", () => {
  assert.equal(aboutAt(ROOT, ["execute", "shell"]), "Who reads the script.");
  assert.equal(aboutAt(ROOT, ["execute"]), "What runs.");
  assert.equal(aboutAt(ROOT, ["nowhere", 0]), "");
});
