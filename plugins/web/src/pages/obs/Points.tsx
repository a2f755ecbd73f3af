/** Each event as a point: its shape and colour say what kind it is. */
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { type DotRow, Scatter } from "../../charts/Scatter";
import { count } from "../../design/numbers";
import { Loaded } from "../../design/States";
import { useApi } from "../../lib/data";
import { type EventRow, parameters, tone } from "./events";
import { EventDetail } from "./list";
import { type By, type PictureProps, useNarrow } from "./narrow";

const MOST = 2_000;
const ROWS = 30;

/** One row for each value, those with most events first. */
function rowsOf(events: readonly EventRow[], by: By): DotRow[] {
  const found = new Map<string, EventRow[]>();
  for (const event of events) {
    const key = event[by];
    const row = found.get(key);
    if (row) row.push(event);
    else found.set(key, [event]);
  }
  return [...found]
    .map(([key, of]) => ({
      key,
      total: of.length,
      dots: of.map(({ id, at, kind }) => ({ id, at: Date.parse(at), kind, tone: tone(kind) })),
    }))
    .sort((one, other) => other.total - one.total || one.key.localeCompare(other.key));
}

export function Points({ by, state, list }: PictureProps) {
  const { t, i18n } = useTranslation("obs");
  const { from, to, preset } = state.range;
  // A preset moves on each half minute, and is asked for anew then.
  const answer = useApi<{ events: EventRow[] }>("/api/obs_events", {
    query: {
      ...parameters(list),
      from: from.toISOString(),
      to: preset === null ? to.toISOString() : null,
      limit: MOST,
    },
    keep: true,
  });
  const narrow = useNarrow(by, list);
  const [open, setOpen] = useState<EventRow | null>(null);
  const events = answer.data?.events;
  const rows = useMemo(() => rowsOf(events ?? [], by), [events, by]);
  const shown = useMemo(() => rows.slice(0, ROWS), [rows]);
  return (
    <Loaded of={answer}>
      {(data) =>
        data.events.length > 0 && (
          <>
            <Scatter
              label={
                data.events.length < MOST
                  ? t("mapLabel", {
                      count: data.events.length,
                      total: count(data.events.length, i18n.language),
                    })
                  : t("newestPoints", { most: count(MOST, i18n.language) })
              }
              kindsLabel={t("column.kind")}
              rows={shown}
              from={from}
              to={to}
              onRow={(key) => narrow(key, null, null)}
              onKind={(kind) => narrow(kind, null, null, "kind")}
              onDot={(id) => setOpen(data.events.find((one) => one.id === id) ?? null)}
              onZoom={state.between}
            />
            {rows.length > ROWS && <div className="soft">{t("others", { count: rows.length - ROWS })}</div>}
            <EventDetail row={open} onClose={() => setOpen(null)} />
          </>
        )
      }
    </Loaded>
  );
}
