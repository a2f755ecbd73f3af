/** How runs, targets and results stand, as marks. */
import { useTranslation } from "react-i18next";
import { Bar } from "../../design/Bar";
import { count } from "../../design/numbers";
import { Status } from "../../design/Status";
import styles from "./results.module.css";
import {
  type Execution,
  isOpen,
  OPEN,
  type ResultRow,
  resultTone,
  runTone,
  STATE_TONES,
  STATES,
  type State,
} from "./runs";

export function StateMark({ state, offline = false }: { state: State; offline?: boolean }) {
  const { t } = useTranslation("results");
  if (offline && state === "waiting") return <Status tone="off">{t("state.offline")}</Status>;
  return <Status tone={STATE_TONES[state] ?? "off"}>{t(`state.${state}`, { defaultValue: state })}</Status>;
}

export function ResultMark({ row }: { row: Pick<ResultRow, "exit_code" | "finished_at"> }) {
  const { t } = useTranslation("results");
  const tone = resultTone(row);
  const skipped = row.exit_code !== null && row.exit_code >= 124 && row.exit_code <= 127;
  const words = tone === "run" ? t("exit.running") : t("exit.code", { code: row.exit_code });
  return (
    <Status tone={tone} title={skipped ? t(`exit.skip.${row.exit_code}`) : undefined}>
      {words}
    </Status>
  );
}

/** "12 of 340 done, 3 failed": never "failed" for one of many. */
export function RunMark({ run }: { run: Execution }) {
  const { t, i18n } = useTranslation("results");
  const show = (value: number) => count(value, i18n.language);
  const bad = run.states ? run.states.failed + run.states.timed_out : run.failure_count;
  const good = run.states ? run.states.done : run.success_count;
  const all = run.expected ?? run.target_count;
  return (
    <Status tone={runTone(run)}>
      {/* One failure of many must not look as if all had failed. */}
      <span className={bad > 0 ? styles.plain : undefined}>
        {t(isOpen(run) ? "run.going" : "run.ended", { done: show(good), total: show(all) })}
      </span>
      {bad > 0 && <span className={styles.bad}> · {t("run.failed", { shown: show(bad) })}</span>}
    </Status>
  );
}

/** From the left what has ended, well first; what is still to come fills the rest. */
const IN_BAR: readonly State[] = [...STATES.filter((state) => !OPEN.includes(state)), "running", "waiting"];

/** A bar of the states, each as wide as its number. */
export function StateBar({ states, thin = false }: { states: Record<State, number>; thin?: boolean }) {
  const { t } = useTranslation("results");
  const shown = IN_BAR.filter((state) => states[state] > 0);
  const words = shown.map((state) => `${t(`state.${state}`)} ${states[state]}`).join(", ");
  return (
    <Bar
      thin={thin}
      label={words || t("run.none")}
      parts={shown.map((state) => ({ key: state, size: states[state], shade: styles[state] }))}
    />
  );
}
