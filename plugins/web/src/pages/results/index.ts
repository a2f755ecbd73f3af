import type { Entries } from "../registry";

export const entries: Entries = {
  "results.card": { load: () => import("./Card") },
};
