/** One table of inventory as a list. */
import { IconArrowsDiff, IconDevices, IconPlayerPlay } from "@tabler/icons-react";
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { Age } from "../../design/Age";
import { visible } from "../../design/text";
import { toast } from "../../design/toast";
import { api, path } from "../../lib/api";
import { useHasPage } from "../../lib/plugins";
import { CellLink } from "../../list/CellLink";
import { List } from "../../list/List";
import { listUrl } from "../../list/state";
import type { BulkAction, Choice, Column, Field, Selected } from "../../list/types";
import { targetUrl } from "../../pick/target";
import { type InventoryJob, rendered } from "./jobs";
import { columnsOf, type Row, tablePath, useTableSource } from "./source";

interface TableOfProps {
  job: InventoryJob;
  /** Of a derived table; empty: the facts. */
  field: string;
  extra?: ReactNode;
}

export function TableOf({ job, field, extra }: TableOfProps) {
  const { t, i18n } = useTranslation("inventory");
  const source = useTableSource(job.manifest_id, field);
  const columns = useMemo<Column<Row>[]>(() => {
    const shown = new Set((job.summary ?? job.display).map((one) => one.field));
    return [
      {
        id: "pc_id",
        title: t("pc"),
        width: 160,
        fixed: true,
        sort: "pc_id",
        card: "title",
        cell: (row) => (
          <CellLink to={`${path`/agents/${row.pc_id}`}?panel=inventory.agent`}>{visible(row.pc_id)}</CellLink>
        ),
      },
      ...columnsOf(job, field).map((one, place): Column<Row> => {
        const number = ["bytes", "number", "integer", "real", "table"].includes(one.type ?? "");
        return {
          id: one.field,
          title: one.label,
          width: 120,
          grow: number ? 1 : 2,
          align: number ? "end" : undefined,
          sort: one.field,
          descending: number,
          optional: field === "" && shown.size > 0 && !shown.has(one.field),
          cell: (row) => rendered(row.values[place], one.type, i18n.language),
        };
      }),
      {
        id: "collected_at",
        title: t("collected"),
        width: 110,
        sort: "collected_at",
        descending: true,
        cell: (row) => <Age at={row.collected_at} />,
      },
    ];
  }, [job, field, t, i18n.language]);
  const fields = useFields(job, field);
  const actions = useActions();
  const agents = useHasPage()("heartbeat.agent");
  return (
    <List
      id={`inventory.${job.manifest_id}.${field || "facts"}`}
      label={field || t("facts")}
      unit={(count) => t(field === "" ? "pcs" : "rows", { count })}
      search={t("search")}
      columns={columns}
      fields={fields}
      source={source}
      extra={extra}
      href={agents ? (row) => `${path`/agents/${row.pc_id}`}?panel=inventory.agent` : undefined}
      actions={actions}
      empty={{ title: t("emptyTable"), text: t("emptyTableText", { job: job.manifest_id }) }}
    />
  );
}

function useFields(job: InventoryJob, field: string): readonly Field[] {
  const { t } = useTranslation("inventory");
  return useMemo(() => {
    const to = tablePath(job.manifest_id, field);
    const values =
      (column: string) =>
      async (_: string, signal: AbortSignal): Promise<Choice[]> => {
        const answer = await api.get<{ counts: { value: unknown; pcs: number }[] }>(`${to}/counts`, {
          query: { column },
          signal,
        });
        return answer.counts
          .filter((one) => one.value !== null)
          .map((one) => ({ value: String(one.value), count: one.pcs }));
      };
    const made: Field[] = [
      { id: "pc_id", title: t("pc"), kind: "text", ops: ["contains", "eq", "prefix", "suffix"] },
    ];
    for (const one of columnsOf(job, field)) {
      const number = ["bytes", "number", "integer", "real", "table"].includes(one.type ?? "");
      made.push({
        id: one.field,
        title: one.label,
        kind: number ? "number" : "choice",
        ops: number ? ["eq", "ne", "lt", "le", "gt", "ge", "none", "some"] : ["eq", "ne", "none", "some"],
        choices: values(one.field),
      });
      if (!number) {
        made.push({
          id: one.field,
          title: t("textOf", { field: one.label }),
          kind: "text",
          ops: ["contains", "prefix", "suffix"],
        });
      }
    }
    return made;
  }, [job, field, t]);
}

/** From any answer to a selection, from a selection to an action. */
function useActions(): readonly BulkAction<Row>[] {
  const { t } = useTranslation("inventory");
  const navigate = useNavigate();
  const there = useHasPage();
  return useMemo(() => {
    const made: BulkAction<Row>[] = [];
    const go = async (selected: Selected<Row>, to: (pcs: string[]) => string) => {
      try {
        const pcs = selected.all ? await selected.ids() : [...new Set(selected.rows.map((row) => row.pc_id))];
        void navigate(to(pcs));
      } catch (error) {
        toast.failed(error);
      }
    };
    if (there("jobs.run")) {
      made.push({
        id: "run",
        title: t("run"),
        icon: IconPlayerPlay,
        role: "operator",
        run: (selected) => void go(selected, (names) => targetUrl("/run", { kind: "names", names })),
      });
    }
    if (there("heartbeat.agents")) {
      made.push({
        id: "agents",
        title: t("asAgents"),
        icon: IconDevices,
        run: (selected) =>
          void go(selected, (pcs) =>
            listUrl("/agents", { filters: [{ field: "pcs", op: "eq", value: pcs.join(",") }] }),
          ),
      });
    }
    made.push({
      id: "compare",
      title: t("compareTwo"),
      icon: IconArrowsDiff,
      run: (selected) =>
        void go(
          selected,
          ([a = "", b = ""]) => `/inventory/compare?a=${encodeURIComponent(a)}&b=${encodeURIComponent(b)}`,
        ),
    });
    return made;
  }, [t, navigate, there]);
}
