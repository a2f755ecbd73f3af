/** The results of one PC, newest first. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Age, span } from "../../design/Age";
import { Status } from "../../design/Status";
import { visible } from "../../design/text";
import { api, path, type Query } from "../../lib/api";
import { List } from "../../list/List";
import type { Column, CursorSource, Field } from "../../list/types";
import type { PanelProps } from "../registry";
import { exactly, type ResultRow, toneOf } from "./results";

const MOST = 10_000;

export default function AgentResults({ pcId }: PanelProps) {
  const { t } = useTranslation("results");
  const source = useMemo<CursorSource<ResultRow>>(
    () => ({
      kind: "cursor",
      key: ["results-of-pc", pcId],
      rowId: (row) => row.result_id,
      topics: ["results"],
      page: async (asked, cursor, limit, signal) => {
        const from = Number(cursor ?? 0);
        const most = Math.min(MOST, from + limit);
        const filters: Query = {};
        for (const one of asked.filters) {
          Object.assign(filters, {
            [one.field]:
              one.field === "status" ? one.value : one.op === "eq" ? exactly(one.value) : one.value,
          });
        }
        const query = { ...filters, pc_id: exactly(pcId), limit: most };
        const rows = await api.get<ResultRow[]>("/api/results", { query, signal });
        return {
          rows: rows.slice(from),
          total: null,
          next: rows.length === most && most < MOST ? String(most) : null,
        };
      },
    }),
    [pcId],
  );
  const columns = useMemo<Column<ResultRow>[]>(
    () => [
      {
        id: "exit",
        title: t("exit"),
        width: 110,
        grow: 0,
        card: "badge",
        cell: (row) => (
          <Status tone={toneOf(row)}>
            {row.exit_code === null ? t("running") : t("exitCode", { code: row.exit_code })}
          </Status>
        ),
      },
      {
        id: "job",
        title: t("job"),
        width: 160,
        grow: 2,
        fixed: true,
        card: "title",
        cell: (row) => (
          <Link tabIndex={-1} to={path`/activity/${row.result_id}`}>
            {visible(row.job_id ?? row.request_id)}
          </Link>
        ),
      },
      { id: "started", title: t("started"), width: 110, cell: (row) => <Age at={row.started_at} /> },
      {
        id: "took",
        title: t("took"),
        width: 90,
        align: "end",
        cell: (row) =>
          row.started_at && row.finished_at
            ? span(Date.parse(row.finished_at) - Date.parse(row.started_at))
            : "—",
      },
      {
        id: "output",
        title: t("output"),
        width: 260,
        grow: 6,
        cell: (row) => <span className="soft">{visible((row.stdout || row.stderr).slice(0, 300))}</span>,
      },
    ],
    [t],
  );
  const fields = useMemo<Field[]>(
    () => [
      {
        id: "status",
        title: t("status"),
        kind: "choice",
        ops: ["eq"],
        choices: (["success", "failure", "running"] as const).map((value) => ({
          value,
          label: t(`state.${value}`),
        })),
        show: (value) => t(`state.${value}`, { defaultValue: value }),
      },
      { id: "job_id", title: t("job"), kind: "text", ops: ["eq", "contains"] },
      { id: "stdout", title: t("stdout"), kind: "text", ops: ["contains"] },
      { id: "stderr", title: t("stderr"), kind: "text", ops: ["contains"] },
    ],
    [t],
  );
  return (
    <List
      id="results-of-pc"
      views={false}
      label={t("ofPc")}
      unit={t("unit")}
      columns={columns}
      fields={fields}
      source={source}
      href={(row) => path`/activity/${row.result_id}`}
      empty={{ title: t("none"), text: t("noneOfPc") }}
    />
  );
}
