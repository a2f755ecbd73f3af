/** How long jobs take: percentiles over what ended in a time. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { span } from "../../design/Age";
import { Bar } from "../../design/Bar";
import { count } from "../../design/numbers";
import { PageHead } from "../../design/PageHead";
import { PageLink } from "../../design/PageLink";
import { Segments } from "../../design/Segments";
import { Empty, Loaded } from "../../design/States";
import { type Column, Table } from "../../design/Table";
import { visible } from "../../design/text";
import { path } from "../../lib/api";
import { useApi } from "../../lib/data";
import { choice, useUrlState } from "../../lib/urlState";
import { listUrl } from "../../list/state";
import styles from "./results.module.css";

interface Durations {
  job_id: string;
  count: number;
  min_ms: number;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
  max_ms: number;
  mean_ms: number;
}

const HOURS = { "24h": 24, "7d": 168, "30d": 720 } as const;
type Span = keyof typeof HOURS;
const SPANS = Object.keys(HOURS) as Span[];
const shape = { range: choice(SPANS, "24h") };
const HOUR = 3_600_000;

export default function DurationsPage() {
  const { t } = useTranslation("results");
  const [{ range }, set] = useUrlState(shape);
  // By the hour, so that the same question is asked while the clock runs.
  const since = useMemo(
    () => new Date((Math.floor(Date.now() / HOUR) - HOURS[range] + 1) * HOUR).toISOString(),
    [range],
  );
  const found = useApi<Durations[]>("/api/health/scan_durations", {
    query: { since },
    topics: ["results"],
    keep: true,
  });
  return (
    <>
      <PageHead
        title={t("durations.title")}
        about={t("durations.about")}
        actions={
          <Segments
            label={t("durations.range")}
            value={range}
            onChange={(next) => set({ range: next as Span }, { push: true })}
            data={SPANS.map((value) => ({ value, label: t(`durations.last.${value}`) }))}
          />
        }
      />
      <Loaded of={found}>{(rows) => <Jobs rows={rows} since={since} />}</Loaded>
    </>
  );
}

function told(milliseconds: number): string {
  return milliseconds < 1 ? "< 1 ms" : span(milliseconds);
}

function Jobs({ rows, since }: { rows: Durations[]; since: string }) {
  const { t, i18n } = useTranslation("results");
  const longest = Math.max(1, ...rows.map((one) => one.p95_ms));
  const number = (key: "p50_ms" | "p95_ms" | "p99_ms" | "max_ms" | "mean_ms"): Column<Durations> => ({
    key,
    title: t(`durations.${key}`),
    right: true,
    tight: true,
    cell: (row) => told(row[key]),
  });
  const columns: Column<Durations>[] = [
    {
      key: "job",
      title: t("column.job"),
      cell: (row) => <PageLink to={path`/jobs/${row.job_id}`}>{visible(row.job_id)}</PageLink>,
    },
    {
      key: "runs",
      title: t("durations.runs"),
      right: true,
      tight: true,
      cell: (row) => <PageLink to={resultsOf(row.job_id, since)}>{count(row.count, i18n.language)}</PageLink>,
    },
    number("mean_ms"),
    number("p50_ms"),
    number("p95_ms"),
    {
      key: "bar",
      title: "",
      tight: true,
      cell: (row) => (
        <div className={styles.durationBar}>
          <Bar
            thin
            label={t("durations.bar", { job: row.job_id, span: told(row.p95_ms) })}
            total={longest}
            parts={[{ key: "p95", size: row.p95_ms, shade: styles.duration }]}
          />
        </div>
      ),
    },
    number("p99_ms"),
    number("max_ms"),
  ];
  return (
    <Table
      label={t("durations.title")}
      columns={columns}
      rows={rows}
      rowKey={(row) => row.job_id}
      empty={<Empty title={t("durations.empty")}>{t("durations.emptyText")}</Empty>}
    />
  );
}

function resultsOf(job: string, since: string): string {
  const filters = [
    { field: "job_id", op: "eq", value: job },
    { field: "since", op: "ge", value: since },
  ] as const;
  return `${listUrl("/activity", { filters })}&view=results`;
}
