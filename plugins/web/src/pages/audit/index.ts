import { IconHistory } from "@tabler/icons-react";
import type { Entries } from "../registry";

export const entries: Entries = {
  "audit.trail": { load: () => import("./Trail"), icon: IconHistory },
  "audit.card": { load: () => import("./Card") },
};
