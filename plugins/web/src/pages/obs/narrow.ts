/** From a row, a cell or a point of a picture to the filter that shows what is behind it. */
import { type RangeState, rangeShape } from "../../charts/range";
import { useUrlState } from "../../lib/urlState";
import { filtersParam, type ListState } from "../../list/state";

export const BYS = ["pc_id", "kind", "source"] as const;
export type By = (typeof BYS)[number];

export interface PictureProps {
  by: By;
  state: RangeState;
  list: ListState;
}

const narrowed = { ...rangeShape, f: filtersParam };

/** `by` has this value, at any time or within these moments; the other filters stay. */
export function useNarrow(by: By, list: ListState) {
  const [, set] = useUrlState(narrowed);
  return (key: string, start: Date | null, end: Date | null, field: By = by) => {
    const others = list.filters.filter((one) => one.field !== field);
    const time = start && end ? { from: start, to: end, range: "" } : {};
    set({ f: [...others, { field, op: "eq", value: key }], ...time }, { push: true });
  };
}
