import { IconPuzzle } from "@tabler/icons-react";
import type { Entries } from "../registry";

export const entries: Entries = {
  "web.plugins": { load: () => import("./Plugins"), icon: IconPuzzle },
};
