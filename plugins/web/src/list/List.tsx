/** A list of things on the server: search, filters, sort, columns, selection, keyboard, export, live rows. */

import { Button } from "@mantine/core";
import { useElementSize, useMergedRef } from "@mantine/hooks";
import {
  type MouseEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { Empty, Failure, SkeletonRows } from "../design/States";
import { usePreference } from "../lib/preferences";
import { BulkBar } from "./BulkBar";
import { useListKeys } from "./keys";
import styles from "./list.module.css";
import { Rows, type RowsHandle, useNarrow } from "./Rows";
import { type Rows as Data, useRows } from "./rows";
import { selectedCount, useSelection } from "./selection";
import { useListState } from "./state";
import { FreshRows, Toolbar } from "./Toolbar";
import type { Asked, BulkAction, Column, Empty as EmptyWords, Field, Selected, Source, Unit } from "./types";

export interface ListProps<R> {
  /** Names what is remembered: columns and saved views. */
  id: string;
  /** Read aloud: what these rows are. */
  label: string;
  unit: Unit;
  columns: readonly Column<R>[];
  fields?: readonly Field[];
  source: Source<R>;
  /** What the search box looks in; absent: no search box. */
  search?: string;
  /** Where a row leads. */
  href?: (row: R) => string;
  /** Instead of leading somewhere. */
  onOpen?: (row: R) => void;
  actions?: readonly BulkAction<R>[];
  /** What would be here, where there is nothing at all. */
  empty: EmptyWords;
  /** Sorted so where the URL says nothing. */
  sort?: string;
  /** Beside the filters. */
  extra?: ReactNode;
  /** Marks a row: "bad", "warn", "off". */
  tone?: (row: R) => string | undefined;
  /** Off where the page is about one thing only: saved views belong to a path. */
  views?: boolean;
  /** As high as its rows, up to this, instead of filling the window. */
  height?: number;
}

const NONE: readonly never[] = [];

export function List<R>(props: ListProps<R>) {
  const { id, columns, source, actions = NONE, fields = NONE } = props;
  const state = useListState();
  const narrow = useNarrow();
  const sort = state.sort || props.sort || "";
  const asked = useMemo<Asked>(
    () => ({ q: state.q, filters: state.filters, sort }),
    [state.q, state.filters, sort],
  );
  const data = useRows(source, asked);
  const { shown, choose } = useColumns(id, columns, state);
  const selection = useSelection<R>();
  const chosen = useSelected(source, asked, data, selection);
  const question = JSON.stringify(asked);
  const { clear } = selection;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another question, another selection
  useEffect(clear, [question]);
  const [active, setActive] = useState(-1);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another question begins at its top
  useEffect(() => setActive(-1), [question]);

  const handle = useRef<RowsHandle>(null);
  const searchBox = useRef<HTMLInputElement>(null);
  const root = useRef<HTMLElement>(null);
  const open = useOpen(props);
  const toggle = useToggle(data, source.rowId, selection);
  const go = (place: number) => {
    const to = Math.max(0, Math.min(data.count - 1, place));
    setActive(to);
    handle.current?.scrollTo(to);
  };
  useListKeys(root, {
    move: (by) => data.count > 0 && go(active + by),
    edge: (end) => data.count > 0 && go(end === "first" ? 0 : data.count - 1),
    select: (range) => actions.length > 0 && active >= 0 && toggle(active, range),
    open: () => {
      const row = active >= 0 ? data.at(active) : undefined;
      if (row !== undefined) open?.(row);
    },
    search: () => searchBox.current?.select(),
    back: () => {
      if (chosen.count > 0) clear();
      else if (state.q || state.filters.length > 0)
        state.apply({ q: "", filters: [], sort: state.sort, columns: state.columns });
      else if (active >= 0) setActive(-1);
      else return false;
      return true;
    },
  });
  const fill = useFill(props.height);
  const filtered = state.q !== "" || state.filters.length > 0;
  return (
    <section
      ref={useMergedRef(root, fill.ref)}
      className={styles.list}
      style={fill.style}
      aria-label={props.label}
    >
      {actions.length > 0 && chosen.count > 0 ? (
        <BulkBar
          selected={chosen}
          actions={actions}
          total={data.total}
          more={data.more}
          onEverything={source.ids && selection.everything}
        />
      ) : (
        <Toolbar
          views={props.views ?? true}
          state={state}
          asked={asked}
          source={source}
          data={data}
          columns={columns}
          shown={shown}
          onColumns={choose}
          fields={fields}
          search={props.search}
          searchBox={searchBox}
          onLeaveSearch={() => handle.current?.focus()}
          extra={props.extra}
          narrow={narrow}
          unit={props.unit}
        />
      )}
      <div className={styles.body}>
        <FreshRows
          count={data.fresh}
          more={data.freshMore}
          onShow={() => {
            data.showFresh();
            handle.current?.scrollTo(0);
          }}
        />
        <Body
          data={data}
          filtered={filtered}
          empty={props.empty}
          onClear={() => state.apply({ ...state, q: "", filters: [] })}
        >
          <Rows
            handle={handle}
            label={props.label}
            data={data}
            columns={shown}
            rowId={source.rowId}
            sort={sort}
            onSort={state.sortBy}
            active={active}
            onActive={setActive}
            onOpen={open}
            selection={actions.length > 0 ? selection : null}
            onToggle={toggle}
            tone={props.tone}
          />
        </Body>
      </div>
    </section>
  );
}

interface BodyProps {
  data: Data<unknown>;
  filtered: boolean;
  empty: EmptyWords;
  onClear: () => void;
  children: ReactNode;
}

function Body({ data, filtered, empty, onClear, children }: BodyProps) {
  const { t } = useTranslation("list");
  if (data.error && data.count === 0) return <Failure error={data.error} retry={data.retry} />;
  if (data.loading) return <SkeletonRows rows={14} />;
  if (data.count > 0) return children;
  if (filtered) {
    return (
      <Empty title={t("nothing")} actions={<Button onClick={onClear}>{t("clearFilters")}</Button>}>
        {t("nothingText")}
      </Empty>
    );
  }
  return (
    <Empty title={empty.title} actions={empty.action}>
      {empty.text}
    </Empty>
  );
}

/** The columns to show: by the URL, else as they were chosen last, else the usual ones. */
function useColumns<R>(
  id: string,
  columns: readonly Column<R>[],
  state: { columns: readonly string[] | null; choose: (ids: readonly string[] | null) => void },
) {
  const [kept, keep] = usePreference<readonly string[] | null>(`list.${id}.columns`, null);
  const wanted = state.columns ?? kept;
  const { choose: say } = state;
  const fromUrl = state.columns !== null;
  const remembered = kept?.join();
  useEffect(() => {
    // What was remembered goes into the URL, so that a link shows the same to others.
    if (!fromUrl && remembered) say(remembered.split(","));
  }, [fromUrl, remembered, say]);
  const shown = useMemo(() => {
    if (!wanted) return columns.filter((one) => !one.optional);
    const found = columns.filter((one) => one.fixed || wanted.includes(one.id));
    return found.length > 0 ? found : columns.filter((one) => !one.optional);
  }, [columns, wanted]);
  const choose = useCallback(
    (ids: readonly string[] | null) => {
      keep(ids);
      say(ids);
    },
    [keep, say],
  );
  return { shown, choose };
}

function useOpen<R>({ href, onOpen }: ListProps<R>): ((row: R, event?: MouseEvent) => void) | undefined {
  const navigate = useNavigate();
  if (onOpen) return (row) => onOpen(row);
  if (!href) return undefined;
  return (row, event) => {
    if (event && (event.ctrlKey || event.metaKey || event.button === 1))
      window.open(href(row), "_blank", "noopener");
    else void navigate(href(row));
  };
}

function useToggle<R>(
  data: Data<R>,
  rowId: (row: R) => string,
  selection: ReturnType<typeof useSelection<R>>,
) {
  const last = useRef(-1);
  const newest = useRef({ data, rowId, selection });
  newest.current = { data, rowId, selection };
  return useCallback((place: number, range: boolean) => {
    const { data, rowId, selection } = newest.current;
    if (range && last.current >= 0) {
      const [from, to] = [Math.min(last.current, place), Math.max(last.current, place)];
      const between: [string, R][] = [];
      for (let at = from; at <= to; at += 1) {
        const row = data.at(at);
        if (row !== undefined) between.push([rowId(row), row]);
      }
      selection.range(between);
    } else {
      const row = data.at(place);
      if (row !== undefined) selection.toggle(rowId(row), row);
    }
    last.current = place;
  }, []);
}

function useSelected<R>(
  source: Source<R>,
  asked: Asked,
  data: Data<R>,
  selection: ReturnType<typeof useSelection<R>>,
): Selected<R> {
  return useMemo(
    () => ({
      count: selectedCount(selection, data.total ?? data.count),
      more: selection.all && data.more,
      all: selection.all,
      rows: selection.all ? [] : [...selection.rows.values()],
      clear: selection.clear,
      ids: async () => {
        if (!selection.all) return [...selection.rows.keys()];
        const found = await source.ids?.(asked);
        return (found?.ids ?? []).filter((id) => !selection.rows.has(id));
      },
    }),
    [selection, source, asked, data.total, data.count, data.more],
  );
}

/** As high as what is left of the window, so that the rows scroll and not the page. */
function useFill(height: number | undefined) {
  const { ref: sized, width } = useElementSize<HTMLElement>();
  const own = useRef<HTMLElement>(null);
  const [top, setTop] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is above may be higher at another width
  useLayoutEffect(() => {
    const element = own.current;
    if (!element || height !== undefined) return;
    const measure = () => setTop(Math.round(element.getBoundingClientRect().top + window.scrollY));
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(document.body);
    if (element.parentElement) watch.observe(element.parentElement);
    return () => watch.disconnect();
  }, [height, width]);
  const ref = useMergedRef(sized, own);
  const style =
    height !== undefined ? { maxHeight: height } : { height: `max(22rem, calc(100dvh - ${top}px - 1rem))` };
  return { ref, style };
}
