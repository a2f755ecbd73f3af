/** Staged rollouts: a version and groups in an order, kept as shared views of the page, so that everybody sees them.
 * How far one is, is not kept: that is what the scopes and the agents say. */
import { type SavedView, useViews } from "../../list/views";
import { type Plan, readPlan } from "./planText";
import type { Scope, Target } from "./releases";

export const PAGE = "/rollout";
export interface KeptPlan extends Plan {
  view: SavedView;
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
