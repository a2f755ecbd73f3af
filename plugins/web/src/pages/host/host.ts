/** What the host says of itself. */
import type { Tone } from "../../design/Status";

export type PluginPhase =
  | "found"
  | "disabled"
  | "incompatible"
  | "imported"
  | "checked"
  | "migrated"
  | "started"
  | "running"
  | "degraded"
  | "stopped"
  | "failed";

export interface PluginRow {
  name: string;
  title: string;
  distribution: string;
  version: string;
  state: PluginPhase;
  failed_in: string | null;
  reason: string | null;
  essential: boolean;
  requires: string[];
  after: string[];
  seconds: Record<string, number>;
  contributes: Record<string, string[]>;
}

export function pluginTone(state: PluginPhase): Tone {
  if (state === "running") return "ok";
  if (state === "degraded") return "warn";
  if (state === "failed" || state === "incompatible") return "bad";
  return state === "disabled" || state === "stopped" ? "off" : "run";
}

export interface ProjectionRow {
  name: string;
  kind: "projection" | "samples";
  plugin: string;
  state: string;
  reason?: string | null;
  stream?: string;
  durable?: string;
  begun?: string | null;
  sequence?: number;
  at?: string | null;
  lag?: number | null;
  /** It is that many at most: a backlog is sifted. */
  lag_at_most?: boolean;
  rate?: number;
  messages?: number;
  dead_letters?: number;
  gaps?: [number, number][];
  received?: number;
  written?: number;
  dropped?: number;
  bad?: number;
}

export function projectionTone(row: ProjectionRow): Tone {
  if (row.state === "running" || row.state === "live") return (row.dead_letters ?? 0) > 0 ? "warn" : "ok";
  if (row.state === "paused" || row.state === "failed") return "bad";
  return row.reason ? "warn" : "run";
}

export interface Rebuild {
  plugin: string;
  number: number;
  started_at: string;
  state: "running" | "done" | "failed" | "cancelled";
  phase: string;
  messages: number;
  expected: number;
  rate: number;
  waiting: string | null;
  reason: string | null;
  dead_letters: number;
  ended_at: string | null;
  rows: Record<string, [number, number]>;
}

export interface RebuildPlan {
  plugin: string;
  sources: {
    projection: string;
    stream: string;
    messages: number;
    begins: string | null;
    complete: boolean;
  }[];
  replaces: Record<string, number>;
  keeps: string[];
  losses: string[];
}

export interface Held {
  name: string;
  kind: "stream" | "bucket" | "objects";
  stream: string;
  subjects: string[];
  messages: number;
  bytes: number;
  first_sequence: number;
  last_sequence: number;
  last_at: string | null;
  consumers: number;
  max_age: number;
  created_at: string | null;
}

export interface BrokerView {
  connected: boolean;
  reason: string | null;
  embedded: boolean;
  held: Held[];
}
