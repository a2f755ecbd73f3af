/** The rows of a list, fetched where they are looked at, and kept fresh without moving what one reads. */
import { useInfiniteQuery, useQueries, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { onChange } from "../lib/live";
import { type Head, looked, nothing } from "./head";
import type { Asked, CursorSource, OffsetSource, Page, Source } from "./types";

export const PAGE = 100;

export interface Rows<R> {
  /** Rows to make room for. */
  count: number;
  at: (place: number) => R | undefined;
  total: number | null;
  more: boolean;
  /** Rows that are there for certain, where nobody counts. */
  known: number;
  /** Changes whenever rows do. */
  version: unknown;
  /** Nothing is there yet. */
  loading: boolean;
  /** What is shown belongs to the question before. */
  stale: boolean;
  error: Error | null;
  retry: () => void;
  /** The places that are on screen: fetch them. */
  need: (first: number, last: number) => void;
  /** Rows that arrived at the head and are not shown yet; `freshMore`: and others, which are not here. */
  fresh: number;
  freshMore: boolean;
  showFresh: () => void;
}

export function useRows<R>(source: Source<R>, asked: Asked): Rows<R> {
  // A list never changes its kind, so the order of hooks is the same in each of its renders.
  // biome-ignore lint/correctness/useHookAtTopLevel: see above
  return source.kind === "offset" ? useOffsetRows(source, asked) : useCursorRows(source, asked);
}

function keep<R>(
  kept: { current: { question: string; shown: Shown<R> } | null },
  question: string,
  shown: Shown<R>,
): Shown<R> {
  kept.current = { question, shown };
  return shown;
}

function loadedEnd(shown: Shown<unknown>): number {
  return Math.max(0, ...[...shown.pages].map(([place, rows]) => place * PAGE + rows.length));
}

/** Rows to make room for: all that are counted, and behind them one page more than is known to be there. */
function extent(shown: Shown<unknown>): number {
  const end = loadedEnd(shown);
  const full = end > 0 && end % PAGE === 0;
  if (shown.total === null) return full ? end + PAGE : end;
  return shown.more && end >= shown.total ? (full ? end + PAGE : end) : shown.total;
}

interface Shown<R> {
  pages: Map<number, R[]>;
  total: number | null;
  more: boolean;
}

function useOffsetRows<R>(source: OffsetSource<R>, asked: Asked): Rows<R> {
  const client = useQueryClient();
  const question = JSON.stringify([source.key, asked.q, asked.filters, asked.sort]);
  const [wanted, setWanted] = useState({ question, first: 0, last: 0 });
  const { first, last } = wanted.question === question ? wanted : { first: 0, last: 0 };
  const places = useMemo(() => Array.from({ length: last - first + 1 }, (_, n) => first + n), [first, last]);
  const results = useQueries({
    queries: places.map((place) => ({
      queryKey: ["list", question, place],
      queryFn: ({ signal }: { signal: AbortSignal }) => source.page(asked, place * PAGE, PAGE, signal),
    })),
  });
  const refresh = useCallback(
    () => client.invalidateQueries({ queryKey: ["list", question], refetchType: "active" }),
    [client, question],
  );
  useRefresh(source.topics, refresh);
  const kept = useRef<{ question: string; shown: Shown<R> } | null>(null);
  const answered = results.some((one) => one.data !== undefined);
  // Pages that were looked at before stay, so that scrolling back shows rows at once.
  const stamp = results.map((one) => `${one.dataUpdatedAt}${one.fetchStatus}`).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `stamp` stands for the results
  const shown = useMemo<Shown<R> | null>(() => {
    if (!answered) return kept.current?.shown ?? null;
    const before = kept.current?.question === question ? kept.current.shown : null;
    const pages = new Map(before?.pages);
    // Pages that are asked for again change together: one of them alone would show rows twice, or not at all.
    const whole = before === null || results.every((one) => one.fetchStatus !== "fetching");
    let newest: Page<R> | undefined;
    let at = -1;
    results.forEach((result, n) => {
      const place = places[n] as number;
      if (!result.data || (!whole && pages.has(place))) return;
      pages.set(place, result.data.rows);
      if (result.dataUpdatedAt >= at) [newest, at] = [result.data, result.dataUpdatedAt];
    });
    if (!whole && before) return keep(kept, question, { ...before, pages });
    const made = { pages, total: newest?.total ?? null, more: newest?.more ?? false };
    return keep(kept, question, made);
  }, [answered, question, places, stamp]);
  const need = useCallback(
    (from: number, to: number) => {
      const next = {
        question,
        first: Math.max(0, Math.floor(from / PAGE)),
        last: Math.floor(Math.max(from, to) / PAGE),
      };
      setWanted((before) =>
        before.question === question && before.first === next.first && before.last === next.last
          ? before
          : next,
      );
    },
    [question],
  );
  const failed = results.find((one) => one.error !== null);
  const total = shown?.total ?? null;
  return {
    count: shown ? extent(shown) : 0,
    at: (place) => shown?.pages.get(Math.floor(place / PAGE))?.[place % PAGE],
    total,
    more: shown?.more ?? false,
    known: shown ? loadedEnd(shown) : 0,
    version: shown,
    loading: shown === null && !failed,
    stale: !answered && shown !== null,
    error: failed && !failed.data ? failed.error : null,
    retry: () => void client.refetchQueries({ queryKey: ["list", question] }),
    need,
    fresh: 0,
    freshMore: false,
    showFresh: () => undefined,
  };
}

const CALM = 1_000;

/** Asks again after changes: within a second, but never busier than one part in five of the time. */
function useRefresh(topics: readonly string[] | undefined, refresh: () => Promise<unknown>): void {
  const newest = useRef(refresh);
  newest.current = refresh;
  const wanted = topics?.join() ?? "";
  useEffect(() => {
    if (!wanted) return;
    const names = wanted.split(",");
    let timer: ReturnType<typeof setTimeout> | null = null;
    let pause = 0;
    let last = 0;
    let again = false; // what changes while an answer is on its way may not be in it
    const due = async (): Promise<void> => {
      again = false;
      const began = performance.now();
      await newest.current();
      last = performance.now();
      pause = Math.max(CALM, (last - began) * 4);
      timer = again ? setTimeout(due, pause) : null;
    };
    const stop = onChange((changed) => {
      if (changed !== "everything" && !names.some((name) => name in changed)) return;
      if (timer === null) timer = setTimeout(due, Math.max(200, last + pause - performance.now()));
      else again = true;
    });
    return () => {
      stop();
      if (timer !== null) clearTimeout(timer);
    };
  }, [wanted]);
}

function useCursorRows<R>(source: CursorSource<R>, asked: Asked): Rows<R> {
  const question = JSON.stringify([source.key, asked.q, asked.filters, asked.sort]);
  const query = useInfiniteQuery({
    queryKey: ["list", question, "cursor"],
    queryFn: ({ pageParam, signal }) => source.page(asked, pageParam, PAGE, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page: Page<R>) => page.next ?? null,
    staleTime: Number.POSITIVE_INFINITY, // what is new comes at the head, see `useHead`
  });
  const loaded = useMemo(() => query.data?.pages.flatMap((page) => page.rows) ?? [], [query.data]);
  const refreshes = source.live === "refresh";
  const begun = query.data !== undefined;
  const client = useQueryClient();
  const restart = useCallback(
    () => void client.resetQueries({ queryKey: ["list", question, "cursor"] }),
    [client, question],
  );
  const topics = refreshes ? undefined : source.topics;
  const head = useHead(source, asked, question, begun ? loaded : null, topics, restart);
  const { refetch } = query;
  useRefresh(refreshes ? source.topics : undefined, refetch);
  const all = useMemo(
    () => [...head.shown, ...loaded].map((row) => head.changed.get(source.rowId(row)) ?? row),
    [head.shown, head.changed, loaded, source],
  );
  const before = useRef<R[]>([]);
  const pending = query.data === undefined;
  if (!pending) before.current = all;
  const rows = pending ? before.current : all;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const need = useCallback(
    (_: number, last: number) => {
      if (last >= rows.length - PAGE / 2 && hasNextPage && !isFetchingNextPage) void fetchNextPage();
    },
    [rows.length, hasNextPage, isFetchingNextPage, fetchNextPage],
  );
  const told = query.data?.pages[0]?.total ?? null;
  return {
    count: rows.length + (hasNextPage && !pending ? 1 : 0),
    at: (place) => rows[place],
    total: told ?? (hasNextPage ? null : rows.length),
    more: told === null ? hasNextPage : (query.data?.pages[0]?.more ?? false),
    known: rows.length,
    version: rows,
    loading: pending && rows.length === 0 && !query.error,
    stale: pending && rows.length > 0,
    error: pending ? query.error : null,
    retry: () => void query.refetch(),
    need,
    fresh: head.waiting.length,
    freshMore: head.gap,
    showFresh: head.show,
  };
}

interface Held<R> extends Head<R> {
  question: string;
}

/** Looks at the first page again when something has changed; not before it is `loaded` for the first time. */
function useHead<R>(
  source: CursorSource<R>,
  asked: Asked,
  question: string,
  loaded: readonly R[] | null,
  wanted: readonly string[] | undefined,
  restart: () => void,
) {
  const [held, setHeld] = useState<Held<R>>({ question, ...nothing<R>() });
  const mine = useMemo<Held<R>>(
    () => (held.question === question ? held : { question, ...nothing<R>() }),
    [held, question],
  );
  const ids = useMemo(() => loaded && new Set(loaded.map(source.rowId)), [loaded, source]);
  const newest = useRef({ source, asked, question, ids, mine });
  newest.current = { source, asked, question, ids, mine };
  const topics = wanted?.join() ?? "";
  useEffect(() => {
    if (!topics) return;
    let going: AbortController | null = null;
    let again = false;
    const look = async (): Promise<void> => {
      if (going) {
        again = true;
        return;
      }
      going = new AbortController();
      const { source, asked, question } = newest.current;
      try {
        const page = await source.page(asked, null, PAGE, going.signal);
        const { ids, mine } = newest.current;
        // Not where another question is asked by now, or there is no first page yet: then that one is new.
        if (ids && newest.current.question === question)
          setHeld({ question, ...looked(mine, page.rows, page.next != null, ids, source.rowId) });
      } catch {
        // the next change asks again; what is shown stays
      }
      going = null;
      if (again) {
        again = false;
        setTimeout(look, 1_000);
      }
    };
    const stop = onChange((changed) => {
      if (changed === "everything" || topics.split(",").some((topic) => topic in changed)) void look();
    });
    return () => {
      stop();
      going?.abort();
    };
  }, [topics]);
  const show = useCallback(() => {
    if (mine.gap) {
      setHeld({ question, ...nothing<R>() });
      restart();
    } else setHeld({ ...mine, waiting: [], shown: [...mine.waiting, ...mine.shown] });
  }, [mine, question, restart]);
  return { ...mine, show };
}
