import { IconPackage, IconRocket, IconScript } from "@tabler/icons-react";
import type { Entries } from "../registry";

export const entries: Entries = {
  "releases.rollout": { load: () => import("./Rollout"), icon: IconRocket },
  "releases.packages": { load: () => import("./Packages"), icon: IconPackage },
  "releases.scripts": { load: () => import("./Scripts"), icon: IconScript },
};
