/** Schedules as they are stored, how they stand, and what their ticks decided. */
import type { Tone } from "../../design/Status";
import type { Doing } from "./AskedSchedule";

export interface Schedule {
  id: string;
  cron: string;
  job_id: string;
  target?: { groups?: string[]; pcs?: string[]; all?: boolean };
  rollout?: { waves: { group: string; delay: string }[] } | null;
  jitter?: string | null;
  mode?: string;
  cooldown?: string | null;
  starting_deadline?: string | null;
  auto_disable_when_done?: boolean;
  runs_on?: "backend" | "agent";
  enabled?: boolean;
  time_zone?: string | null;
}

export interface ScheduleState {
  schedule_id: string;
  next_due: string | null;
  problem: string | null;
  last_exec_id: string | null;
  last_decision: string | null;
  last_reason: string | null;
  last_due: string | null;
}

export interface Ticking {
  accepted: boolean;
  next: string[];
  words: { en: string; ja: string } | null;
  error: string | null;
}

export interface Next extends Ticking {
  cron: string;
  time_zone: string | null;
  enabled: boolean;
  runs_on: string;
}

export interface Tick {
  id: number;
  schedule_id: string;
  decision: string;
  reason: string;
  first_due: string;
  last_due: string;
  times: number;
  exec_id: string | null;
  decided_at: string;
}

export const TOPICS = ["schedules", "kv:schedules"];

export const TEMPLATE = `id: my-schedule
# second minute hour day month weekday
cron: "0 0 9 * * *"
job_id: my-job
target:
  groups: [canary]
enabled: true
`;

export function decisionTone(decision: string): Tone {
  if (decision === "fired" || decision === "run") return "ok";
  if (decision === "failed") return "bad";
  if (decision === "missed" || decision === "held") return "warn";
  return "off";
}

/** What can be done with it now, in the order of the menus. */
export function doings(schedule: Schedule): Doing[] {
  return schedule.enabled === false ? ["run", "enable", "delete"] : ["run", "disable", "cascade", "delete"];
}

/** What ends runs, or the schedule itself. */
export function isDangerous(what: Doing): boolean {
  return what === "delete" || what === "cascade";
}

/** Whom it is for, in a line. */
export function targetOf(schedule: Schedule, all: string): string {
  const { target } = schedule;
  if (schedule.rollout) return schedule.rollout.waves.map((wave) => wave.group).join(" → ");
  if (target?.all) return all;
  return [...(target?.groups ?? []), ...(target?.pcs ?? [])].join(", ");
}
