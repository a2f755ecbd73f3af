import assert from "node:assert/strict";
import { test } from "node:test";
import { filterOf, filtersOf, queryOf } from "./agentFilter.ts";

const filters = [
  { field: "group", op: "eq", value: "a" },
  { field: "group", op: "eq", value: "b" },
  { field: "version", op: "ne", value: "1.0" },
  { field: "online", op: "eq", value: "false" },
  { field: "attribute.site", op: "some", value: "" },
  { field: "inventory.inv.sw.apps.name", op: "prefix", value: "Ch" },
] as const;
const asked = { q: "desk", filters, sort: "" };

test("the filters of the list are the language of the server, and back", () => {
  const filter = filterOf(asked);
  assert.deepEqual(filter, {
    q: "desk",
    group: ["a", "b"],
    not_version: ["1.0"],
    online: false,
    attributes: [{ name: "site", op: "exists", value: "true" }],
    inventory: [{ manifest: "inv.sw", table: "apps", column: "name", value: "Ch", op: "prefix" }],
  });
  assert.deepEqual(filtersOf(filter), filters);
});

test("and the same as a query string", () => {
  assert.deepEqual(queryOf(asked), {
    q: "desk",
    group: ["a", "b"],
    not_version: ["1.0"],
    online: "false",
    "attribute.site__exists": ["true"],
    "inventory.inv.sw.apps.name__prefix": ["Ch"],
  });
});
