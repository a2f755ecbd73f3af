/** What is selected: some rows by id, or everything that matches but a few. */
import { useCallback, useMemo, useState } from "react";

interface Held<R> {
  all: boolean;
  /** With `all`: those that are not. The rows are kept, so that a selection survives scrolling. */
  rows: ReadonlyMap<string, R>;
}

export interface Selection<R> {
  all: boolean;
  rows: ReadonlyMap<string, R>;
  has: (id: string) => boolean;
  toggle: (id: string, row: R) => void;
  /** From the row that was toggled last to this one. */
  range: (rows: readonly (readonly [string, R])[]) => void;
  everything: () => void;
  clear: () => void;
}

export function useSelection<R>(): Selection<R> {
  const [held, setHeld] = useState<Held<R>>({ all: false, rows: new Map() });
  const toggle = useCallback((id: string, row: R) => {
    setHeld(({ all, rows }) => {
      const next = new Map(rows);
      if (!next.delete(id)) next.set(id, row);
      return { all, rows: next };
    });
  }, []);
  const range = useCallback((added: readonly (readonly [string, R])[]) => {
    setHeld(({ all, rows }) => {
      const next = new Map(rows);
      for (const [id, row] of added) {
        if (all) next.delete(id);
        else next.set(id, row);
      }
      return { all, rows: next };
    });
  }, []);
  const everything = useCallback(() => setHeld({ all: true, rows: new Map() }), []);
  const clear = useCallback(() => setHeld({ all: false, rows: new Map() }), []);
  return useMemo(
    () => ({
      ...held,
      has: (id) => held.rows.has(id) !== held.all,
      toggle,
      range,
      everything,
      clear,
    }),
    [held, toggle, range, everything, clear],
  );
}

/** How many are selected, of that many that match. */
export function selectedCount(
  selection: { all: boolean; rows: ReadonlyMap<string, unknown> },
  total: number,
): number {
  return selection.all ? Math.max(0, total - selection.rows.size) : selection.rows.size;
}
