/** The processor load of the fleet over a day, and who has most to do now. */

import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Card, Figures, Line, Lines } from "../../design/Card";
import { percent } from "../../design/numbers";
import { PageLink } from "../../design/PageLink";
import { Spark } from "../../design/Spark";
import { Loaded, SkeletonRows } from "../../design/States";
import { visible } from "../../design/text";
import { path } from "../../lib/api";
import { useApi } from "../../lib/data";

interface Fleet {
  points: { at: string; value: number }[];
}

interface Top {
  rows: { pc_id: string; hostname: string | null; value: number }[];
}

const STEP = 900_000;

export default function PerfCard() {
  const { t } = useTranslation("perf");
  // A stable time: the query is the same for a quarter of an hour.
  const from = useMemo(() => new Date(Math.floor(Date.now() / STEP) * STEP - 86_400_000).toISOString(), []);
  const fleet = useApi<Fleet>("/api/perf/fleet", {
    query: { metric: "cpu_pct", agg: "avg", from, step: "15m" },
    everySeconds: 300,
  });
  const top = useApi<Top>("/api/perf/top", {
    query: { metric: "cpu_pct", window: "5m", limit: 4 },
    everySeconds: 60,
  });
  const values = (fleet.data?.points ?? []).map((point) => point.value);
  return (
    <Card title={t("card.title")} to="/performance">
      {values.length > 0 && (
        <Figures
          of={[{ value: percent(values[values.length - 1]), label: t("card.now"), to: "/performance" }]}
        />
      )}
      <Spark
        values={values}
        most={100}
        label={t("card.spark", { now: percent(values[values.length - 1]) })}
      />
      <Loaded of={top} skeleton={<SkeletonRows rows={4} height={14} />}>
        {({ rows }) =>
          rows.length === 0 ? (
            <p className="soft">{t("card.empty")}</p>
          ) : (
            <Lines>
              {rows.map((row) => (
                <Line key={row.pc_id} aside={percent(row.value)}>
                  <PageLink to={`${path`/agents/${row.pc_id}`}?panel=perf.agent`}>
                    {visible(row.pc_id)}
                  </PageLink>
                </Line>
              ))}
            </Lines>
          )
        }
      </Loaded>
    </Card>
  );
}
