/** Staged rollouts: a version and groups in an order, kept as shared views of the page, so that everybody sees them.
 * How far one is, is not kept: that is what the scopes and the agents say. */
import { type SavedView, useViews } from "../../list/views";
import type { Scope, Target } from "./releases";

export const PAGE = "/rollout";
const EVERYBODY = "*";

export interface Plan {
  version: string;
  jitter: string;
  waves: Scope[];
}

export interface KeptPlan extends Plan {
  view: SavedView;
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

export function usePlans() {
  const views = useViews(PAGE);
  const plans = views.data?.flatMap((view): KeptPlan[] => {
    const plan = readPlan(view.state);
    return plan ? [{ ...plan, view }] : [];
  });
  return { plans, error: views.error, refetch: views.refetch };
}

/** The scope's entry among the targets, if it is that version's. */
export function started(wave: Scope, version: string, targets: readonly Target[]): Target | undefined {
  return targets.find(
    (one) =>
      one.version === version &&
      one.type === wave.type &&
      (wave.type === "global" || one.value === wave.value),
  );
}
