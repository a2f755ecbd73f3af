/** Columns and filters of runs, results and targets. */

import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Age, span } from "../../design/Age";
import { Id } from "../../design/Id";
import { PageLink } from "../../design/PageLink";
import { visible } from "../../design/text";
import { api, path } from "../../lib/api";
import { useHasPage } from "../../lib/plugins";
import type { Choice, Column, Field } from "../../list/types";
import { ResultMark, RunMark, StateBar, StateMark } from "./marks";
import { type Execution, type ResultRow, STATES, type TargetRow, type UnansweredRow } from "./runs";

function first(text: string): string {
  return visible(text.slice(0, 300)).replace(/\s+/g, " ").trim();
}

function took(row: { started_at: string | null; finished_at: string | null }): string {
  if (!row.started_at || !row.finished_at) return "—";
  return span(Math.max(0, Date.parse(row.finished_at) - Date.parse(row.started_at)));
}

function Pc({ id }: { id: string }) {
  return (
    <PageLink tabIndex={-1} to={path`/agents/${id}`}>
      {visible(id)}
    </PageLink>
  );
}

export function useRunColumns(): readonly Column<Execution>[] {
  const { t } = useTranslation("results");
  return useMemo<Column<Execution>[]>(
    () => [
      {
        id: "job",
        title: t("column.job"),
        width: 190,
        grow: 2,
        fixed: true,
        card: "title",
        cell: (row) => (
          <>
            {visible(row.job_id)} <span className="soft mono">{visible(row.version)}</span>
          </>
        ),
      },
      { id: "state", title: t("column.state"), width: 210, grow: 2, cell: (row) => <RunMark run={row} /> },
      {
        id: "bar",
        title: t("column.progress"),
        width: 120,
        card: "none",
        cell: (row) => (row.states ? <StateBar states={row.states} thin /> : "—"),
      },
      {
        id: "by",
        title: t("column.by"),
        width: 110,
        cell: (row) => t(`by.${row.initiated_by}`, { defaultValue: visible(row.initiated_by) }),
      },
      {
        id: "at",
        title: t("column.fired"),
        width: 110,
        grow: 0,
        card: "badge",
        cell: (row) => <Age at={row.initiated_at} />,
      },
      {
        id: "exec",
        title: t("column.exec"),
        width: 150,
        optional: true,
        cell: (row) => <Id value={row.exec_id} most={14} copyable={false} />,
      },
    ],
    [t],
  );
}

async function jobs(_: string, signal: AbortSignal): Promise<Choice[]> {
  const found = await api.get<{ id: string }[]>("/api/jobs", { signal });
  return found.map((job) => ({ value: job.id }));
}

export function useRunFields(): readonly Field[] {
  const { t } = useTranslation("results");
  const catalogue = useHasPage()("jobs.catalog");
  return useMemo<Field[]>(
    () => [
      catalogue
        ? { id: "job_id", title: t("column.job"), kind: "choice", ops: ["eq"], choices: jobs }
        : { id: "job_id", title: t("column.job"), kind: "text", ops: ["eq"] },
      {
        id: "status",
        title: t("column.status"),
        kind: "choice",
        ops: ["eq"],
        choices: ["pending", "running", "completed", "expired"].map((value) => ({
          value,
          label: t(`status.${value}`),
        })),
        show: (value) => t(`status.${value}`, { defaultValue: value }),
      },
      {
        id: "by",
        title: t("column.by"),
        kind: "choice",
        ops: ["eq"],
        choices: ["operator", "scheduler"].map((value) => ({ value, label: t(`by.${value}`) })),
        show: (value) => t(`by.${value}`, { defaultValue: value }),
      },
      { id: "since", title: t("column.since"), kind: "time", ops: ["ge"] },
    ],
    [t, catalogue],
  );
}

/** `ofPc`: the list is of one PC, which needs no column. */
export function useResultColumns(ofPc = false): readonly Column<ResultRow>[] {
  const { t } = useTranslation("results");
  return useMemo(() => {
    const columns: Column<ResultRow>[] = [
      {
        id: "state",
        title: t("column.state"),
        width: 110,
        grow: 0,
        fixed: true,
        card: "badge",
        cell: (row) => <ResultMark row={row} />,
      },
      {
        id: "pc",
        title: t("column.pc"),
        width: 150,
        card: "title",
        cell: (row) => <Pc id={row.pc_id} />,
      },
      {
        id: "job",
        title: t("column.job"),
        width: 150,
        card: ofPc ? "title" : undefined,
        cell: (row) => visible(row.job_id ?? "—"),
      },
      {
        id: "stdout",
        title: t("column.stdout"),
        width: 220,
        grow: 3,
        cell: (row) => <span className="mono soft">{first(row.stdout) || "—"}</span>,
      },
      {
        id: "stderr",
        title: t("column.stderr"),
        width: 150,
        grow: 2,
        cell: (row) => <span className="mono soft">{first(row.stderr) || "—"}</span>,
      },
      {
        id: "at",
        title: t("column.started"),
        width: 110,
        grow: 0,
        cell: (row) => <Age at={row.started_at} />,
      },
      { id: "took", title: t("column.took"), width: 90, grow: 0, align: "end", cell: took },
      {
        id: "exec",
        title: t("column.exec"),
        width: 150,
        optional: true,
        cell: (row) =>
          row.exec_id ? (
            <PageLink tabIndex={-1} className="mono" to={path`/executions/${row.exec_id}`}>
              {row.exec_id.slice(0, 8)}
            </PageLink>
          ) : (
            "—"
          ),
      },
      {
        id: "version",
        title: t("column.version"),
        width: 90,
        optional: true,
        cell: (row) => <span className="mono">{visible(row.version ?? "—")}</span>,
      },
      {
        id: "result",
        title: t("column.result"),
        width: 150,
        optional: true,
        cell: (row) => <Id value={row.result_id} most={14} copyable={false} />,
      },
    ];
    return ofPc ? columns.filter((one) => one.id !== "pc") : columns;
  }, [t, ofPc]);
}

/** `without`: what the list is of, which needs no filter. */
export function useResultFields(without?: "pc_id" | "exec_id"): readonly Field[] {
  const { t } = useTranslation("results");
  return useMemo(() => {
    const fields: Field[] = [
      {
        id: "status",
        title: t("column.status"),
        kind: "choice",
        ops: ["eq"],
        choices: ["success", "failure", "running"].map((value) => ({ value, label: t(`status.${value}`) })),
        show: (value) => t(`status.${value}`, { defaultValue: value }),
      },
      { id: "pc_id", title: t("field.pc"), kind: "text", ops: ["contains"] },
      { id: "job_id", title: t("field.job"), kind: "text", ops: ["contains"] },
      { id: "exec_id", title: t("field.exec"), kind: "text", ops: ["contains"] },
      { id: "stdout", title: t("field.stdout"), kind: "text", ops: ["contains"] },
      { id: "stderr", title: t("field.stderr"), kind: "text", ops: ["contains"] },
      { id: "since", title: t("column.since"), kind: "time", ops: ["ge"] },
    ];
    return fields.filter((one) => one.id !== without);
  }, [t, without]);
}

export function useTargetColumns(): readonly Column<TargetRow>[] {
  const { t } = useTranslation("results");
  return useMemo<Column<TargetRow>[]>(
    () => [
      {
        id: "pc",
        title: t("column.pc"),
        width: 160,
        fixed: true,
        card: "title",
        cell: (row) => <Pc id={row.pc_id} />,
      },
      {
        id: "hostname",
        title: t("column.hostname"),
        width: 130,
        optional: true,
        cell: (row) => visible(row.hostname ?? "—"),
      },
      {
        id: "state",
        title: t("column.state"),
        width: 130,
        card: "badge",
        cell: (row) => <StateMark state={row.state} offline={row.online === false} />,
      },
      {
        id: "reason",
        title: t("column.reason"),
        width: 240,
        grow: 3,
        cell: (row) => (
          <span className="soft">
            {row.skip ? t(`skip.${row.skip}`, { defaultValue: row.skip }) : first(row.reason ?? "") || "—"}
          </span>
        ),
      },
      {
        id: "exit",
        title: t("column.exit"),
        width: 110,
        grow: 0,
        align: "end",
        cell: (row) => row.exit_code ?? "—",
      },
      { id: "took", title: t("column.took"), width: 90, grow: 0, align: "end", cell: took },
      {
        id: "changed",
        title: t("column.changed"),
        width: 110,
        grow: 0,
        cell: (row) => <Age at={row.changed_at} />,
      },
    ],
    [t],
  );
}

export function useStateField(): Field {
  const { t } = useTranslation("results");
  return useMemo(
    () => ({
      id: "state",
      title: t("column.state"),
      kind: "choice",
      ops: ["eq"],
      choices: [...STATES, "offline"].map((value) => ({ value, label: t(`state.${value}`) })),
      show: (value) => t(`state.${value}`, { defaultValue: value }),
    }),
    [t],
  );
}

export function useUnansweredColumns(): readonly Column<UnansweredRow>[] {
  const { t } = useTranslation("results");
  return useMemo<Column<UnansweredRow>[]>(
    () => [
      {
        id: "pc",
        title: t("column.pc"),
        width: 160,
        fixed: true,
        card: "title",
        cell: (row) => <Pc id={row.pc_id} />,
      },
      {
        id: "state",
        title: t("column.state"),
        width: 130,
        card: "badge",
        cell: (row) => <StateMark state={row.state} offline={row.online === false} />,
      },
      { id: "job", title: t("column.job"), width: 160, cell: (row) => visible(row.job_id) },
      {
        id: "reason",
        title: t("column.reason"),
        width: 240,
        grow: 3,
        cell: (row) => <span className="soft">{first(row.reason ?? "") || "—"}</span>,
      },
      {
        id: "at",
        title: t("column.fired"),
        width: 110,
        grow: 0,
        cell: (row) => <Age at={row.initiated_at} />,
      },
    ],
    [t],
  );
}
