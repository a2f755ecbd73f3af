/** Events of the fleet: how many when, on which PC, and each of them. */
import { Switch } from "@mantine/core";
import { type ReactNode, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { RangePicker } from "../../charts/RangePicker";
import { useBounds, useRange } from "../../charts/range";
import { PageHead } from "../../design/PageHead";
import { Segments } from "../../design/Segments";
import { choice, flag, useUrlState } from "../../lib/urlState";
import { List } from "../../list/List";
import { useListState } from "../../list/state";
import { Counts } from "./Counts";
import { type EventRow, eventSource } from "./events";
import { EventDetail, useEventColumns, useEventFields } from "./list";
import { BYS, type By } from "./narrow";
import styles from "./obs.module.css";
import { Points } from "./Points";

const FORMS = ["map", "points"] as const;
const shape = { by: choice(BYS, "pc_id"), form: choice(FORMS, "map"), fold: flag() };

export default function Events() {
  const { t } = useTranslation("obs");
  const state = useRange("24h");
  const [{ by, form, fold }, set] = useUrlState(shape);
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
        <div className={styles.forms}>
          <Segments
            label={t("form")}
            value={form}
            onChange={(value) => set({ form: value as (typeof FORMS)[number] })}
            data={FORMS.map((value) => ({ value, label: t(`form_${value}`) }))}
          />
          <Segments
            label={t("by")}
            value={by}
            onChange={(value) => set({ by: value as By })}
            data={BYS.map((value) => ({ value, label: t(`by_${value}`) }))}
          />
        </div>
        {form === "map" ? (
          <Counts by={by} state={state} list={list} />
        ) : (
          <Points by={by} state={state} list={list} />
        )}
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
        unit={(count) => t("unit", { count })}
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
