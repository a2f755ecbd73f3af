import { IconKey, IconUsers } from "@tabler/icons-react";
import type { Entries } from "../registry";

export const entries: Entries = {
  "auth.accounts": { load: () => import("./Accounts"), icon: IconUsers },
  "auth.tokens": { load: () => import("./Tokens"), icon: IconKey },
};
