/** Events of the fleet: how many when, on which PC, and each of them. */
import { SegmentedControl, Switch } from "@mantine/core";
import { type ReactNode, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { HeatMap } from "../../charts/HeatMap";
import { RangePicker } from "../../charts/RangePicker";
import { aligned, type RangeState, rangeShape, stepFor, useRange } from "../../charts/range";
import { PageHead } from "../../design/PageHead";
import { Loaded } from "../../design/States";
import { useApi } from "../../lib/data";
import { choice, flag, useUrlState } from "../../lib/urlState";
import { List } from "../../list/List";
import { filtersParam, type ListState, useListState } from "../../list/state";
import { type Bounds, type EventRow, eventSource, parameters } from "./events";
import { EventDetail, useEventColumns, useEventFields } from "./list";
import styles from "./obs.module.css";

const shape = { by: choice(["pc_id", "kind", "source"], "pc_id"), fold: flag() };
const SECONDS: Record<string, number> = { "24h": 1_800, "7d": 10_800, "30d": 43_200, "90d": 86_400 };

export default function Events() {
  const { t } = useTranslation("obs");
  const state = useRange("24h");
  const [{ by, fold }, set] = useUrlState(shape);
  const list = useListState();
  const bounds = useBounds(state);
  const source = useMemo(() => eventSource(bounds, fold), [bounds, fold]);
  return (
    <>
      <PageHead
        title={t("title")}
        actions={<RangePicker state={state} presets={["1h", "6h", "24h", "7d", "30d", "90d"]} />}
      />
      <div className={styles.map}>
        <SegmentedControl
          size="xs"
          aria-label={t("by")}
          value={by}
          onChange={(value) => set({ by: value as "pc_id" | "kind" | "source" })}
          data={(["pc_id", "kind", "source"] as const).map((one) => ({ value: one, label: t(`by_${one}`) }))}
        />
        <Counts by={by} state={state} list={list} />
      </div>
      <EventList
        source={source}
        extra={
          <Switch
            size="xs"
            label={t("fold")}
            checked={fold}
            onChange={(event) => set({ fold: event.currentTarget.checked })}
          />
        }
      />
    </>
  );
}

/**
 * Where the list begins and ends: a preset goes on up to now, so that new rows arrive, and begins where it did
 * when it was chosen, so that the rows stay.
 */
export function useBounds({ range }: RangeState) {
  const { preset } = range;
  const newest = useRef(range);
  newest.current = range;
  const fixedFrom = preset === null ? range.from.getTime() : null;
  const fixedTo = preset === null ? range.to.getTime() : null;
  return useMemo<Bounds>(() => {
    if (fixedFrom === null || fixedTo === null)
      return { from: newest.current.from.toISOString(), to: null, preset };
    return { from: new Date(fixedFrom).toISOString(), to: new Date(fixedTo).toISOString(), preset };
  }, [preset, fixedFrom, fixedTo]);
}

export function EventList({
  source,
  extra,
  height,
  fixed = false,
}: {
  source: ReturnType<typeof eventSource>;
  extra?: ReactNode;
  height?: number;
  fixed?: boolean;
}) {
  const { t } = useTranslation("obs");
  const columns = useEventColumns(fixed);
  const fields = useEventFields(fixed);
  const [row, setRow] = useState<EventRow | null>(null);
  return (
    <>
      <List<EventRow>
        id={fixed ? "events-of-pc" : "events"}
        label={t("title")}
        unit={t("unit")}
        columns={columns}
        fields={fields}
        source={source}
        extra={extra}
        height={height}
        views={!fixed}
        onOpen={setRow}
        empty={{ title: t("emptyTitle"), text: t("emptyText") }}
      />
      <EventDetail row={row} onClose={() => setRow(null)} />
    </>
  );
}

interface Histogram {
  from: string;
  step_seconds: number;
  buckets: number;
  total: number;
  others: number;
  series: { key: string; total: number; counts: [number, number][] }[];
}

const narrowed = { ...rangeShape, f: filtersParam };

function Counts({
  by,
  state,
  list,
}: {
  by: "pc_id" | "kind" | "source";
  state: RangeState;
  list: ListState;
}) {
  const { t } = useTranslation("obs");
  const least = state.range.preset ? (SECONDS[state.range.preset] ?? 0) : 0;
  const step = stepFor(state.range, 120, Math.min(least, 1_800));
  const { from, to } = aligned(state.range, step);
  const answer = useApi<Histogram>("/api/obs_events/histogram", {
    query: { ...parameters(list), by, from, to, step: step.text, top: 30 },
    topics: state.range.preset ? ["obs"] : [],
    keep: true,
  });
  const [, set] = useUrlState(narrowed);
  const narrow = (key: string, start: Date | null, end: Date | null) => {
    const others = list.filters.filter((one) => one.field !== by);
    const time = start && end ? { from: start, to: end, range: "" } : {};
    set({ f: [...others, { field: by, op: "eq", value: key }], ...time }, { push: true });
  };
  return (
    <Loaded of={answer}>
      {(data) => (
        <>
          <HeatMap
            label={t("mapLabel", { total: data.total })}
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
      )}
    </Loaded>
  );
}
