/** What ran lately, and how much of it failed. */

import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Age } from "../../design/Age";
import { Card, Figures, Line, Lines } from "../../design/Card";
import { count } from "../../design/numbers";
import { PageLink } from "../../design/PageLink";
import { Loaded, SkeletonRows } from "../../design/States";
import { Shape, type Tone } from "../../design/Status";
import { visible } from "../../design/text";
import { path } from "../../lib/api";
import { useApi } from "../../lib/data";
import { useFleetHealth } from "../../lib/fleetHealth";

interface Row {
  result_id: string;
  pc_id: string;
  job_id: string | null;
  exit_code: number | null;
  finished_at: string | null;
  started_at: string | null;
}

const TOPICS = ["results"] as const;
const SECONDS = 15;

function tone(row: Row): Tone {
  if (row.finished_at === null) return "run";
  return row.exit_code === 0 ? "ok" : "bad";
}

export default function ResultsCard() {
  const { t, i18n } = useTranslation("results");
  const newest = useApi<Row[]>("/api/results", { query: { limit: 6 }, topics: ["results"] });
  const health = useFleetHealth(TOPICS, SECONDS);
  const counted = health.data?.recent_results;
  return (
    <Card title={t("card.title")} to="/activity">
      {counted && (
        <Figures
          of={[
            {
              value: count(counted.total, i18n.language),
              label: t("card.total", { hours: counted.window_hours }),
              to: "/activity?view=results",
            },
            {
              value: count(counted.failed, i18n.language),
              label: t("card.failed"),
              to: "/activity?view=results&f=status:eq:failure",
              tone: counted.failed > 0 ? "bad" : undefined,
            },
          ]}
        />
      )}
      <Loaded of={newest} skeleton={<SkeletonRows rows={6} height={14} />}>
        {(rows) =>
          rows.length === 0 ? (
            <p className="soft">{t("card.empty")}</p>
          ) : (
            <Lines>
              {rows.map((row) => (
                <Line key={row.result_id} aside={<Age at={row.finished_at ?? row.started_at} />}>
                  <Shape tone={tone(row)} />{" "}
                  <span className="hidden-label">{t(`card.tones.${tone(row)}`)}</span>
                  <ResultLink row={row} />
                </Line>
              ))}
            </Lines>
          )
        }
      </Loaded>
    </Card>
  );
}

function ResultLink({ row }: { row: Row }): ReactNode {
  const words = `${visible(row.job_id ?? "—")} · ${visible(row.pc_id)}`;
  return <PageLink to={path`/activity/${row.result_id}`}>{words}</PageLink>;
}
