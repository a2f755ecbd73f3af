/** The waves or batches of a run: what has gone and what came of it, what goes when, and a stop. */

import { Button } from "@mantine/core";
import { IconHandStop } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { Age } from "../../design/Age";
import { Confirm } from "../../design/Confirm";
import { count } from "../../design/numbers";
import { Section } from "../../design/PageHead";
import { PageLink } from "../../design/PageLink";
import { Status, type Tone } from "../../design/Status";
import { type Column, Table } from "../../design/Table";
import { visible } from "../../design/text";
import { api, path } from "../../lib/api";
import { useAction, useApi } from "../../lib/data";
import { listUrl } from "../../list/state";
import type { Filter } from "../../list/types";
import { StateBar } from "./marks";
import styles from "./results.module.css";
import { type Batch, type Execution, OPEN, type State } from "./runs";

/** More are folded around the next one that goes: a fire may have a thousand. */
const AT_ONCE = 6;
const BEFORE = 2;

/** `stoppable`: the plugin that stops them is there. */
export function Batches({ run, stoppable }: { run: Execution; stoppable: boolean }) {
  const { t, i18n } = useTranslation("results");
  const { data: batches } = useApi<Batch[]>(path`/api/executions/${run.exec_id}/batches`, {
    topics: ["executions", "results"],
  });
  const [whole, setWhole] = useState(false);
  if (!batches || batches.length === 0) return null;
  const next = batches.findIndex((one) => one.state === "waiting");
  const from = Math.max(0, Math.min(next - BEFORE, batches.length - AT_ONCE));
  const rows = whole ? batches : batches.slice(from, from + AT_ONCE);
  return (
    <Section
      title={t("batches.title")}
      actions={
        stoppable &&
        next >= 0 && <Stop run={run} waiting={batches.filter((one) => one.state === "waiting")} />
      }
    >
      <Summary batches={batches} />
      <BatchTable run={run} rows={rows} />
      {batches.length > AT_ONCE && (
        <Button size="compact-xs" mt="xs" onClick={() => setWhole(!whole)}>
          {whole ? t("batches.fewer") : t("batches.all", { shown: count(batches.length, i18n.language) })}
        </Button>
      )}
    </Section>
  );
}

function Summary({ batches }: { batches: Batch[] }) {
  const { t, i18n } = useTranslation("results");
  const gone = batches.filter((one) => one.state === "sent").length;
  const next = batches.find((one) => one.state === "waiting");
  const stopped = batches.find((one) => one.state === "stopped");
  return (
    <p className={styles.summary}>
      {t("batches.gone", { gone: count(gone, i18n.language), count: batches.length })}
      {next?.due && (
        <>
          {" · "}
          {t("batches.next")} <Age at={next.due} />
        </>
      )}
      {stopped && ` · ${t("batches.why", { reason: visible(stopped.reason ?? "") })}`}
    </p>
  );
}

/** Whether it has gone, and whether everybody in it has ended. */
function standing(batch: Batch): { tone: Tone; word: string } {
  if (batch.state === "stopped") return { tone: "warn", word: "stopped" };
  if (batch.state === "waiting") return { tone: "wait", word: "waiting" };
  const open = OPEN.some((state) => batch.states[state] > 0);
  if (open) return { tone: "run", word: "going" };
  return batch.states.failed + batch.states.timed_out > 0
    ? { tone: "bad", word: "failures" }
    : { tone: "ok", word: "ended" };
}

function BatchTable({ run, rows }: { run: Execution; rows: Batch[] }) {
  const { t, i18n } = useTranslation("results");
  const show = (value: number) => count(value, i18n.language);
  const link = (row: Batch, states: readonly State[] = []) => {
    const filters: Filter[] = [{ field: "batch", op: "eq", value: String(row.number) }];
    for (const state of states) filters.push({ field: "state", op: "eq", value: state });
    return listUrl(path`/executions/${run.exec_id}`, { filters });
  };
  const columns: Column<Batch>[] = [
    {
      key: "number",
      title: t("batches.one"),
      tight: true,
      cell: (row) => <PageLink to={link(row)}>{t("batches.number", { number: show(row.number) })}</PageLink>,
    },
    {
      key: "state",
      title: t("column.state"),
      tight: true,
      cell: (row) => {
        const { tone, word } = standing(row);
        return <Status tone={tone}>{t(`batches.state.${word}`)}</Status>;
      },
    },
    {
      key: "when",
      title: t("batches.when"),
      tight: true,
      cell: (row) => <Age at={row.sent_at ?? (row.state === "waiting" ? row.due : null)} />,
    },
    {
      key: "bar",
      title: t("column.progress"),
      cell: (row) => (
        <div className={styles.batchBar}>
          <StateBar states={row.states} thin />
        </div>
      ),
    },
    {
      key: "done",
      title: t("state.done"),
      tight: true,
      right: true,
      cell: (row) => {
        const bad = row.states.failed + row.states.timed_out;
        return (
          <span>
            {bad > 0 && (
              <>
                <PageLink className={styles.bad} to={link(row, ["failed", "timed_out"])}>
                  {t("run.failed", { shown: show(bad) })}
                </PageLink>
                {" · "}
              </>
            )}
            {t("batches.of", { done: show(row.states.done), total: show(row.targets) })}
          </span>
        );
      },
    },
  ];
  return (
    <Table label={t("batches.title")} columns={columns} rows={rows} rowKey={(row) => String(row.number)} />
  );
}

function Stop({ run, waiting }: { run: Execution; waiting: Batch[] }) {
  const { t, i18n } = useTranslation("results");
  const [asked, ask] = useState(false);
  const stop = useAction({
    run: (reason: string) => api.post(path`/api/executions/${run.exec_id}/stop`, { json: { reason } }),
    done: t("batches.stopped"),
    touches: ["executions"],
    after: () => ask(false),
  });
  const pcs = waiting.reduce((before, one) => before + one.targets, 0);
  return (
    <>
      <ActionButton
        needs="operator"
        danger
        leftSection={<IconHandStop size={14} />}
        onClick={() => ask(true)}
      >
        {t("batches.stop")}
      </ActionButton>
      <Confirm
        opened={asked}
        onClose={() => ask(false)}
        onConfirm={(reason) => stop.mutate(reason)}
        busy={stop.isPending}
        danger
        title={t("batches.stopTitle", { job: visible(run.job_id) })}
        action={t("batches.stop")}
        reason={t("batches.reason")}
      >
        {t("batches.stopText", { count: waiting.length, pcs: count(pcs, i18n.language) })}
      </Confirm>
    </>
  );
}
