/** Staged rollouts: one version, group after group, each begun by hand. */
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { Confirm } from "../../design/Confirm";
import { Section } from "../../design/PageHead";
import { Empty, Failure } from "../../design/States";
import { visible } from "../../design/text";
import { ApiError } from "../../lib/api";
import { useAction } from "../../lib/data";
import { useDeleteView } from "../../list/views";
import { PlanForm } from "./PlanForm";
import { type KeptPlan, started, usePlans } from "./plans";
import { type Release, stop, type Target, useTargets } from "./releases";
import styles from "./releases.module.css";
import { Waves } from "./Waves";

export function Plans({ releases }: { releases: readonly Release[] }) {
  const { t } = useTranslation("releases");
  const [makes, setMakes] = useState(false);
  const { plans, error, refetch } = usePlans();
  const targets = useTargets();
  const off = error instanceof ApiError && error.status === 404; // the plugin that keeps views does not run
  if (off) return null;
  return (
    <Section
      title={t("plan.title")}
      actions={
        <ActionButton
          needs="operator"
          leftSection={<IconPlus size={14} />}
          blocked={releases.length === 0 ? t("roll.none") : undefined}
          onClick={() => setMakes(true)}
        >
          {t("plan.new")}
        </ActionButton>
      }
    >
      {error && !plans && <Failure error={error} retry={() => void refetch()} inline />}
      {plans?.length === 0 && <Empty title={t("plan.empty")}>{t("plan.emptyAbout")}</Empty>}
      {plans?.map((plan) => (
        <Plan key={plan.view.view_id} plan={plan} targets={targets.data?.items} />
      ))}
      <PlanForm
        opened={makes}
        onClose={() => setMakes(false)}
        releases={releases}
        kept={plans?.map((plan) => plan.view) ?? []}
      />
    </Section>
  );
}

function Plan({ plan, targets }: { plan: KeptPlan; targets: Target[] | undefined }) {
  const { t } = useTranslation("releases");
  const [asks, setAsks] = useState<"stop" | "delete" | null>(null);
  const remove = useDeleteView();
  const begun = plan.waves.filter((wave) => started(wave, plan.version, targets ?? []));
  const halt = useAction({
    run: async () => {
      // The widest first: what was begun last reaches the most.
      for (const wave of [...begun].reverse()) await stop(plan.version, wave);
    },
    done: t("plan.stopped"),
    touches: ["kv:agent_config"],
    after: () => setAsks(null),
  });
  const version = visible(plan.version);
  return (
    <article className={styles.plan} aria-label={t("plan.of", { version })}>
      <div className={styles.planHead}>
        <h3 className={styles.planTitle}>
          <span className="mono">{version}</span>{" "}
          <span className="soft">
            {t("plan.begun", { begun: begun.length, total: plan.waves.length })}
            {plan.view.mine ? "" : ` · ${visible(plan.view.owner)}`}
          </span>
        </h3>
        <div className={styles.buttons}>
          {begun.length > 0 && (
            <ActionButton needs="operator" size="compact-xs" danger onClick={() => setAsks("stop")}>
              {t("plan.stop")}
            </ActionButton>
          )}
          <ActionButton
            needs="operator"
            size="compact-xs"
            blocked={plan.view.mine ? undefined : t("plan.theirs", { owner: visible(plan.view.owner) })}
            onClick={() => setAsks("delete")}
          >
            {t("plan.delete")}
          </ActionButton>
        </div>
      </div>
      <Waves plan={plan} targets={targets} />
      <Confirm
        opened={asks === "stop"}
        onClose={() => setAsks(null)}
        onConfirm={() => halt.mutate()}
        title={t("plan.stopTitle", { version })}
        action={t("plan.stop")}
        busy={halt.isPending}
        danger
      >
        {t("plan.stopAbout", { count: begun.length })}
      </Confirm>
      <Confirm
        opened={asks === "delete"}
        onClose={() => setAsks(null)}
        onConfirm={() => remove.mutate(plan.view, { onSettled: () => setAsks(null) })}
        title={t("plan.deleteTitle", { version })}
        action={t("plan.delete")}
        busy={remove.isPending}
      >
        {t("plan.deleteAbout")}
      </Confirm>
    </article>
  );
}
