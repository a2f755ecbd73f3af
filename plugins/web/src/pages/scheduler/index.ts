import type { Entries } from "../registry";

export const entries: Entries = {
  "scheduler.card": { load: () => import("./Card") },
};
