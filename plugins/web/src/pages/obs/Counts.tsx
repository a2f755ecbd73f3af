/** How many events when: by PC, kind or source. */
import { useTranslation } from "react-i18next";
import { HeatMap } from "../../charts/HeatMap";
import { aligned, stepFor } from "../../charts/range";
import { count } from "../../design/numbers";
import { Loaded } from "../../design/States";
import { useApi } from "../../lib/data";
import { parameters } from "./events";
import { type PictureProps, useNarrow } from "./narrow";

const SECONDS: Record<string, number> = { "24h": 1_800, "7d": 10_800, "30d": 43_200, "90d": 86_400 };

interface Histogram {
  from: string;
  step_seconds: number;
  buckets: number;
  total: number;
  others: number;
  series: { key: string; total: number; counts: [number, number][] }[];
}

export function Counts({ by, state, list }: PictureProps) {
  const { t, i18n } = useTranslation("obs");
  const least = state.range.preset ? (SECONDS[state.range.preset] ?? 0) : 0;
  const step = stepFor(state.range, 120, Math.min(least, 1_800));
  const { from, to } = aligned(state.range, step);
  const answer = useApi<Histogram>("/api/obs_events/histogram", {
    query: { ...parameters(list), by, from, to, step: step.text, top: 30 },
    topics: state.range.preset ? ["obs"] : [],
    keep: true,
  });
  const narrow = useNarrow(by, list);
  return (
    <Loaded of={answer}>
      {(data) =>
        data.series.length > 0 && (
          <>
            <HeatMap
              label={t("mapLabel", { count: data.total, total: count(data.total, i18n.language) })}
              rows={data.series.map((one) => ({ key: one.key, total: one.total, cells: one.counts }))}
              from={new Date(data.from)}
              stepSeconds={data.step_seconds}
              columns={data.buckets}
              onRow={(key) => narrow(key, null, null)}
              onCell={narrow}
              onZoom={state.between}
            />
            {data.others > 0 && <div className="soft">{t("others", { count: data.others })}</div>}
          </>
        )
      }
    </Loaded>
  );
}
