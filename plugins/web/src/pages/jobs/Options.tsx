/** How a fire goes out: spread in time, until when, and in batches that stop when too much fails. */
import { Accordion, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Plan } from "./jobs";
import styles from "./jobs.module.css";

export interface Options {
  jitter: string;
  deadline: string;
  size: string;
  pause: string;
  stop: string;
}

export const NO_OPTIONS: Options = { jitter: "", deadline: "", size: "", pause: "", stop: "" };

/** The part of a plan that these say. */
export function planned(options: Options): Omit<Plan, "target"> {
  const plan: Omit<Plan, "target"> = {};
  if (options.jitter.trim()) plan.jitter = options.jitter.trim();
  const until = options.deadline ? new Date(options.deadline) : null;
  if (until && !Number.isNaN(until.getTime())) plan.deadline_at = until.toISOString();
  if (options.size.trim()) {
    plan.batches = { size: options.size.trim(), pause: options.pause.trim() || "0s" };
    if (options.stop.trim()) plan.batches.stop_at_failed = options.stop.trim();
  }
  return plan;
}

export function OptionFields({ value, onChange }: { value: Options; onChange: (value: Options) => void }) {
  const { t } = useTranslation("jobs");
  const field = (name: keyof Options, type?: string) => (
    <TextInput
      label={t(`option.${name}`)}
      description={t(`option.${name}Help`)}
      type={type}
      value={value[name]}
      onChange={(event) => onChange({ ...value, [name]: event.currentTarget.value })}
      disabled={(name === "pause" || name === "stop") && !value.size.trim()}
      autoComplete="off"
    />
  );
  const set = Object.values(value).some((one) => one !== "");
  return (
    <Accordion variant="default" defaultValue={set ? "options" : null}>
      <Accordion.Item value="options">
        <Accordion.Control>{t("option.title")}</Accordion.Control>
        <Accordion.Panel>
          <div className={styles.fields}>
            {field("jitter")}
            {field("deadline", "datetime-local")}
            {field("size")}
            {field("pause")}
            {field("stop")}
          </div>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}
