/** A staged rollout as the state of a saved view. */
import type { Scope } from "./releases";

const EVERYBODY = "*"; // no group can be called so: a group is part of a key in a bucket

export interface Plan {
  version: string;
  jitter: string;
  waves: Scope[];
}

export function writePlan(plan: Plan): string {
  const params = new URLSearchParams({ version: plan.version, jitter: plan.jitter });
  for (const wave of plan.waves) params.append("wave", wave.type === "global" ? EVERYBODY : wave.value);
  return params.toString();
}

export function readPlan(state: string): Plan | null {
  const params = new URLSearchParams(state);
  const version = params.get("version");
  const waves = params.getAll("wave").filter(Boolean);
  if (!version || waves.length === 0) return null;
  return {
    version,
    jitter: params.get("jitter") ?? "",
    waves: waves.map((name) => (name === EVERYBODY ? { type: "global" } : { type: "group", value: name })),
  };
}
