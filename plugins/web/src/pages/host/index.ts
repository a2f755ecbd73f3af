import {
  IconDatabaseCog,
  IconLayoutDashboard,
  IconMailX,
  IconPuzzle,
  IconServer2,
  IconSettings,
} from "@tabler/icons-react";
import type { Entries } from "../registry";

export const entries: Entries = {
  "web.overview": { load: () => import("./Overview"), icon: IconLayoutDashboard },
  "web.card": { load: () => import("./HostCard") },
  "web.plugins": { load: () => import("./Plugins"), icon: IconPuzzle },
  "web.projections": { load: () => import("./Projections"), icon: IconDatabaseCog },
  "web.dead-letters": { load: () => import("./DeadLetters"), icon: IconMailX },
  "web.broker": { load: () => import("./Broker"), icon: IconServer2 },
  "web.settings": { load: () => import("./Settings"), icon: IconSettings },
};
