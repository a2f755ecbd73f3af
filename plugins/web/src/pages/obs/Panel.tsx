/** The events of one PC. */
import { useMemo } from "react";
import { RangePicker } from "../../charts/RangePicker";
import { useBounds, useRange } from "../../charts/range";
import type { PanelProps } from "../registry";
import { EventList } from "./Events";
import { eventSource } from "./events";

export default function Panel({ pcId }: PanelProps) {
  const state = useRange("7d");
  const bounds = useBounds(state);
  const source = useMemo(() => eventSource(bounds, false, { pc_id: pcId }), [bounds, pcId]);
  return (
    <EventList
      source={source}
      fixed
      extra={<RangePicker state={state} presets={["24h", "7d", "30d", "90d"]} />}
    />
  );
}
