/** What changed on all PCs, and since when PCs have something. */
import { Select } from "@mantine/core";
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { RangePicker } from "../../charts/RangePicker";
import { useRange } from "../../charts/range";
import { Age, absolute } from "../../design/Age";
import { PageHead } from "../../design/PageHead";
import { Segments } from "../../design/Segments";
import { Loaded } from "../../design/States";
import { visible } from "../../design/text";
import { api, path } from "../../lib/api";
import { choice, text, useUrlState } from "../../lib/urlState";
import { CellLink } from "../../list/CellLink";
import { List } from "../../list/List";
import { filtersParam } from "../../list/state";
import type { Column, Field, OffsetSource } from "../../list/types";
import { useChangeColumns, useKindField } from "./changeColumns";
import type { ChangeRow } from "./changes";
import styles from "./inventory.module.css";
import { type InventoryJob, useInventoryJobs } from "./jobs";
import { NoJobs } from "./NoJobs";

const VIEWS = ["changes", "first"] as const;
const shape = { view: choice(VIEWS, "changes"), job: text(), f: filtersParam, cols: text() };

export default function History() {
  const { t } = useTranslation("inventory");
  const jobs = useInventoryJobs();
  const [{ view, job, f }, set] = useUrlState(shape);
  const show = (next: string) => {
    const filters = f.filter((one) => one.field !== "kind"); // who had it first is no kind of change
    set({ view: next as (typeof VIEWS)[number], f: filters, cols: "" }, { push: true });
  };
  return (
    <>
      <PageHead
        title={t("historyTitle")}
        about={t(view === "first" ? "firstAbout" : "historyAbout")}
        actions={
          <Segments
            label={t("view")}
            value={view}
            onChange={show}
            data={[
              { value: "changes", label: t("changes") },
              { value: "first", label: t("firstSeen") },
            ]}
          />
        }
      />
      <Loaded of={jobs}>
        {(found) => {
          const chosen = found.find((one) => one.manifest_id === job) ?? found[0];
          if (!chosen) return <NoJobs />;
          const choose = (
            <Select
              aria-label={t("job")}
              w={200}
              value={chosen.manifest_id}
              onChange={(value) => set({ job: value ?? "" }, { push: true })}
              data={found.map((one) => one.manifest_id)}
              allowDeselect={false}
            />
          );
          if (view === "first") return <FirstSeen job={chosen} extra={choose} />;
          return <Changes job={chosen} extra={choose} />;
        }}
      </Loaded>
    </>
  );
}

interface ViewProps {
  job: InventoryJob;
  extra: ReactNode;
}

function Changes({ job, extra }: ViewProps) {
  const { t } = useTranslation("inventory");
  const id = job.manifest_id;
  const state = useRange("7d");
  const columns = useChangeColumns(false);
  const kind = useKindField();
  const others = useFields(job);
  const fields = useMemo(() => [kind, ...others], [kind, others]);
  const { preset, from, to } = state.range;
  // A preset is asked for by the day: the rows stay while the clock runs.
  const since = preset === null ? from.toISOString() : `${from.toISOString().slice(0, 13)}:00:00Z`;
  const until = preset === null ? to.toISOString() : null;
  const source = useMemo<OffsetSource<ChangeRow>>(
    () => ({
      kind: "offset",
      key: ["changes", id, since, until],
      rowId: (row) => String(row.id),
      topics: until === null ? ["inventory"] : [],
      page: async (asked, offset, limit, signal) => {
        const filters = Object.fromEntries(asked.filters.map((one) => [one.field, one.value]));
        const query = { ...filters, since, until, limit, offset };
        const rows = await api.get<ChangeRow[]>(path`/api/inventory/${id}/history/search`, { query, signal });
        return { rows, total: null };
      },
    }),
    [id, since, until],
  );
  return (
    <List
      id="inventory.history"
      label={t("historyTitle")}
      unit={(count) => t("changesUnit", { count })}
      columns={columns}
      fields={fields}
      source={source}
      extra={
        <span className={styles.extra}>
          {extra}
          <RangePicker state={state} presets={["24h", "7d", "30d", "90d"]} />
        </span>
      }
      empty={{ title: t("noChanges"), text: t("noChangesText") }}
    />
  );
}

interface FirstRow {
  pc_id: string;
  first_seen_at: string | null;
}

/** Since when each PC has it; who had it first comes first. */
function FirstSeen({ job, extra }: ViewProps) {
  const { t } = useTranslation("inventory");
  const id = job.manifest_id;
  const fields = useFields(job);
  const source = useMemo<OffsetSource<FirstRow>>(
    () => ({
      kind: "offset",
      key: ["first-seen", id],
      rowId: (row) => row.pc_id,
      topics: ["inventory"],
      page: async (asked, offset, limit, signal) => {
        const filters = Object.fromEntries(asked.filters.map((one) => [one.field, one.value]));
        const query = { ...filters, limit, offset };
        const rows = await api.get<FirstRow[]>(path`/api/inventory/${id}/history/first_seen`, {
          query,
          signal,
        });
        return { rows, total: null };
      },
    }),
    [id],
  );
  const columns = useMemo<Column<FirstRow>[]>(
    () => [
      {
        id: "at",
        title: t("firstSeenAt"),
        width: 176,
        grow: 0,
        fixed: true,
        card: "badge",
        cell: (row) =>
          row.first_seen_at ? <time dateTime={row.first_seen_at}>{absolute(row.first_seen_at)}</time> : "—",
      },
      {
        id: "pc",
        title: t("pc"),
        width: 200,
        card: "title",
        cell: (row) => (
          <CellLink to={`${path`/agents/${row.pc_id}`}?panel=inventory.agent&view=changes`}>
            {visible(row.pc_id)}
          </CellLink>
        ),
      },
      { id: "age", title: t("firstAge"), width: 120, cell: (row) => <Age at={row.first_seen_at} /> },
    ],
    [t],
  );
  return (
    <List
      id="inventory.first"
      label={t("firstSeen")}
      unit={(count) => t("pcs", { count })}
      columns={columns}
      fields={fields}
      source={source}
      extra={<span className={styles.extra}>{extra}</span>}
      empty={{ title: t("noFirst"), text: t("noChangesText") }}
    />
  );
}

/** What can be named: a field of the facts, and what identifies an element of its tables. */
function useFields(job: InventoryJob): readonly Field[] {
  const { t } = useTranslation("inventory");
  return useMemo(() => {
    const keys = new Set(job.explode?.flatMap((one) => one.columns.map((column) => column.field)));
    const text = (id: string, title: string): Field => ({ id, title, kind: "text", ops: ["eq"] });
    return [text("field", t("field")), ...[...keys].map((key) => text(`identity.${key}`, key))];
  }, [job, t]);
}
