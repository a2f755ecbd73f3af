import { IconCalendarTime } from "@tabler/icons-react";
import type { Entries } from "../registry";

export const entries: Entries = {
  "scheduler.card": { load: () => import("./Card") },
  "scheduler.schedules": { load: () => import("./Schedules"), icon: IconCalendarTime },
  "scheduler.schedule": { load: () => import("./SchedulePage") },
};
