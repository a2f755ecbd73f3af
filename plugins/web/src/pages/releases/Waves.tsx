/** The waves of a staged rollout: what has begun and how far it is, and the next one's button. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { Confirm } from "../../design/Confirm";
import { Status } from "../../design/Status";
import { visible } from "../../design/text";
import { Preview, useRolloutQuestion } from "./Preview";
import { started } from "./plans";
import type { Plan } from "./planText";
import { ReachBar } from "./ReachBar";
import { labelOf, type Scope, type Target, useRollOut } from "./releases";
import styles from "./releases.module.css";
import { ScopeName, useScopeName } from "./ScopeName";

interface WavesProps {
  plan: Plan;
  /** Undefined until they are known. */
  targets: Target[] | undefined;
}

export function Waves({ plan, targets }: WavesProps) {
  const { t } = useTranslation("releases");
  const [asked, ask] = useState<Scope | null>(null);
  const rows = plan.waves.map((wave) => ({ wave, target: started(wave, plan.version, targets ?? []) }));
  const next = targets ? rows.find((row) => !row.target)?.wave : undefined;
  return (
    <ol className={styles.waves}>
      {rows.map(({ wave, target }, place) => (
        <li key={labelOf(wave)} className={styles.wave}>
          <span className={styles.number}>{place + 1}</span>
          <span className={styles.name}>
            <ScopeName scope={wave} />
          </span>
          <ReachBar scope={wave} version={plan.version} target={target} />
          {wave === next ? (
            <ActionButton needs="operator" size="compact-xs" variant="filled" onClick={() => ask(wave)}>
              {t("plan.start")}
            </ActionButton>
          ) : (
            <Status tone={target ? "run" : "wait"}>{target ? t("plan.isBegun") : t("plan.waits")}</Status>
          )}
        </li>
      ))}
      <StartWave plan={plan} scope={asked} onClose={() => ask(null)} />
    </ol>
  );
}

function StartWave({ plan, scope, onClose }: { plan: Plan; scope: Scope | null; onClose: () => void }) {
  const { t } = useTranslation("releases");
  const name = useScopeName();
  const question = useRolloutQuestion(scope, plan.version);
  const version = visible(plan.version);
  const action = useRollOut(() => t("plan.startDone"), onClose);
  return (
    <Confirm
      opened={scope !== null}
      onClose={onClose}
      onConfirm={() => scope && action.mutate({ version: plan.version, scope, jitter: plan.jitter })}
      title={scope ? t("plan.startTitle", { version, scope: name(scope) }) : ""}
      action={t("plan.start")}
      busy={action.isPending}
      {...question}
    >
      <Preview scope={scope} version={plan.version} />
    </Confirm>
  );
}
