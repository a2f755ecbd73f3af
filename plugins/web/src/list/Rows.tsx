/** The rows themselves: a grid that only draws what is on screen, or cards where the screen is narrow. */
// biome-ignore-all lint/a11y/useSemanticElements: rows are placed one by one, which a <table> does not allow
// biome-ignore-all lint/a11y/useFocusableInteractive: the focus is the grid's, which names the active row
import { Skeleton } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type MouseEvent,
  memo,
  type RefObject,
  useEffect,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
} from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import styles from "./list.module.css";
import type { Rows as Data } from "./rows";
import type { Selection } from "./selection";
import type { Column } from "./types";

const ROW = 34;
const CARD = 92;
/**
 * Rows that leave at one end come back at the other with new text: to make rows anew at each frame of a fast
 * scroll would cost several times as much. More than fit on any screen.
 */
const RECYCLED = 90;
const NARROW = "(max-width: 40em)";

export interface RowsHandle {
  scrollTo: (place: number) => void;
  focus: () => void;
}

interface RowsProps<R> {
  handle: RefObject<RowsHandle | null>;
  label: string;
  data: Data<R>;
  columns: readonly Column<R>[];
  rowId: (row: R) => string;
  sort: string;
  onSort: (sort: string) => void;
  /** The place that the keyboard is at, -1 for none. */
  active: number;
  onActive: (place: number) => void;
  onOpen?: (row: R, event?: MouseEvent) => void;
  selection: Selection<R> | null;
  onToggle: (place: number, range: boolean) => void;
  tone?: (row: R) => string | undefined;
}

/** Shares of the width: each at least what it asks for. */
function template(columns: readonly { width: number; grow?: number }[], selectable: boolean): string {
  const parts = columns.map((one) =>
    one.grow === 0 ? `${one.width}px` : `minmax(${one.width}px, ${one.grow ?? 1}fr)`,
  );
  return [...(selectable ? ["34px"] : []), ...parts].join(" ");
}

export function useNarrow(): boolean {
  return useMediaQuery(NARROW, typeof window !== "undefined" && window.matchMedia(NARROW).matches) ?? false;
}

export function Rows<R>(props: RowsProps<R>) {
  const { handle, data, columns, rowId, active, label, selection } = props;
  const { t } = useTranslation("list");
  const selectLabel = t("selectRow");
  const navigate = useNavigate();
  const narrow = useNarrow();
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const count = data.loading ? 0 : data.count;
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => (narrow ? CARD : ROW),
    overscan: 4,
    getItemKey: (place) => {
      const row = data.at(place);
      return row === undefined ? place : rowId(row);
    },
  });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  const { need } = data;
  useEffect(() => need(first, last), [need, first, last]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: measures anew when the shape of rows changes
  useLayoutEffect(() => virtual.measure(), [narrow]);
  useAnchor(box, virtual, data, rowId);
  useImperativeHandle(handle, () => ({
    scrollTo: (place) => virtual.scrollToIndex(place, { align: "auto" }),
    focus: () => box.current?.focus({ preventScroll: true }),
  }));
  const width = columns.reduce((sum, one) => sum + one.width, selection ? 34 : 0);
  return (
    <div
      ref={box}
      className={styles.box}
      role="grid"
      tabIndex={0}
      aria-label={label}
      aria-rowcount={data.total ?? -1}
      aria-multiselectable={selection ? true : undefined}
      aria-activedescendant={active >= 0 && active < count ? `${id}-${active}` : undefined}
      aria-busy={data.loading || data.stale}
      onClickCapture={(event) => followed(event, navigate)}
      data-list-box
    >
      {!narrow && <Head {...props} template={template(columns, selection !== null)} width={width} />}
      <div
        role="rowgroup"
        className={styles.space}
        style={{ height: virtual.getTotalSize(), minWidth: narrow ? undefined : width }}
        data-stale={data.stale || undefined}
      >
        {items.map((item) => {
          const row = data.at(item.index);
          const id_ = row === undefined ? "" : rowId(row);
          return (
            <div
              key={item.index % RECYCLED}
              id={`${id}-${item.index}`}
              ref={narrow ? virtual.measureElement : undefined}
              data-index={item.index}
              role="row"
              tabIndex={-1}
              aria-rowindex={item.index + 2}
              aria-selected={selection ? row !== undefined && selection.has(id_) : undefined}
              data-active={item.index === active || undefined}
              data-tone={row !== undefined ? props.tone?.(row) : undefined}
              className={narrow ? styles.card : styles.row}
              style={{
                transform: `translateY(${item.start}px)`,
                gridTemplateColumns: narrow ? undefined : template(columns, selection !== null),
                cursor: props.onOpen ? "pointer" : undefined,
              }}
              onClick={(event) => clicked(event, item.index, row, props)}
              onKeyDown={undefined}
            >
              {row === undefined ? (
                <Waiting columns={columns.length + (selection ? 1 : 0)} narrow={narrow} />
              ) : narrow ? (
                <Card
                  row={row}
                  columns={columns}
                  selected={selection?.has(id_)}
                  toggle={() => props.onToggle(item.index, false)}
                />
              ) : (
                <Cells
                  row={row}
                  columns={columns as readonly Column<unknown>[]}
                  selected={selection?.has(id_)}
                  place={item.index}
                  selectLabel={selectLabel}
                  onToggle={props.onToggle}
                />
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** Links of cells are plain ones (`CellLink`): here they become a change of page instead of a load. */
function followed(event: MouseEvent<HTMLElement>, navigate: (to: string) => unknown): void {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = (event.target as HTMLElement).closest("a[data-cell]");
  if (!link) return;
  event.preventDefault();
  event.stopPropagation();
  navigate(link.getAttribute("href") ?? "");
}

/** A click opens the row, but not where it meant a link, a button or to mark text. */
function clicked<R>(
  event: MouseEvent<HTMLElement>,
  place: number,
  row: R | undefined,
  props: RowsProps<R>,
): void {
  if ((event.target as HTMLElement).closest("a, button, input, label, [data-no-open]")) return;
  if (window.getSelection()?.toString()) return;
  props.onActive(place);
  if (row !== undefined) props.onOpen?.(row, event);
}

/**
 * What one reads stays where it is when rows come or go above it: the row at the top edge is kept at the
 * same distance. At the very top there is nothing above, and the newest is shown.
 */
function useAnchor<R>(
  box: RefObject<HTMLDivElement | null>,
  virtual: ReturnType<typeof useVirtualizer<HTMLDivElement, Element>>,
  data: Data<R>,
  rowId: (row: R) => string,
): void {
  const held = useRef<{ key: string; start: number } | null>(null);
  const version = useRef(data.version);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const before = held.current;
    if (version.current !== data.version && before && element.scrollTop > 0 && !data.stale) {
      const near = Math.max(0, (virtual.getVirtualItemForOffset(element.scrollTop)?.index ?? 0) - 150);
      for (let place = near; place < Math.min(data.count, near + 300); place += 1) {
        const row = data.at(place);
        if (row === undefined || rowId(row) !== before.key) continue;
        const moved = (virtual.measurementsCache[place]?.start ?? before.start) - before.start;
        if (moved !== 0) element.scrollTop += moved;
        break;
      }
    }
    version.current = data.version;
    const top = virtual.getVirtualItemForOffset(element.scrollTop);
    const row = top && data.at(top.index);
    held.current = top && row !== undefined ? { key: rowId(row), start: top.start } : null;
  });
}

function Head<R>({
  columns,
  sort,
  onSort,
  selection,
  data,
  template: shape,
  width,
}: RowsProps<R> & { template: string; width: number }) {
  const { t } = useTranslation("list");
  return (
    <div role="rowgroup" className={styles.headGroup} style={{ minWidth: width }}>
      <div role="row" aria-rowindex={1} className={styles.headRow} style={{ gridTemplateColumns: shape }}>
        {selection && (
          <div role="columnheader" className={styles.check}>
            <input
              type="checkbox"
              aria-label={t("selectAll")}
              checked={selection.all && selection.rows.size === 0}
              ref={(element) => {
                if (element) element.indeterminate = selection.rows.size > 0;
              }}
              disabled={data.count === 0}
              onChange={() =>
                selection.all || selection.rows.size > 0 ? selection.clear() : selection.everything()
              }
            />
          </div>
        )}
        {columns.map((column) => {
          const asked = column.sort;
          const direction =
            asked === undefined
              ? null
              : sort === asked
                ? "ascending"
                : sort === `-${asked}`
                  ? "descending"
                  : null;
          return (
            <div
              key={column.id}
              role="columnheader"
              aria-sort={direction ?? (asked === undefined ? undefined : "none")}
              data-end={column.align === "end" || undefined}
              title={column.title}
            >
              {asked === undefined ? (
                <span className={styles.headText}>{column.title}</span>
              ) : (
                <button
                  type="button"
                  className={styles.sort}
                  onClick={() => onSort(next(asked, sort, column.descending))}
                >
                  <span className={styles.headText}>{column.title}</span>
                  {direction === "ascending" && <IconArrowUp size={12} aria-hidden />}
                  {direction === "descending" && <IconArrowDown size={12} aria-hidden />}
                </button>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** Three states: the natural direction first, then the other, then the server's own order. */
function next(column: string, now: string, descending = false): string {
  const [one, two] = descending ? [`-${column}`, column] : [column, `-${column}`];
  return now === one ? two : now === two ? "" : one;
}

interface CellsProps {
  row: unknown;
  columns: readonly Column<unknown>[];
  selected: boolean | undefined;
  place: number;
  selectLabel: string;
  onToggle: (place: number, range: boolean) => void;
}

const Cells = memo(function Cells({ row, columns, selected, place, selectLabel, onToggle }: CellsProps) {
  return (
    <>
      {selected !== undefined && (
        <div role="gridcell" className={styles.check}>
          <input
            type="checkbox"
            aria-label={selectLabel}
            checked={selected}
            tabIndex={-1}
            onClick={(event) => onToggle(place, event.shiftKey)}
            onChange={() => undefined}
          />
        </div>
      )}
      {columns.map((column) => (
        <div
          key={column.id}
          role="gridcell"
          className={styles.cell}
          data-end={column.align === "end" || undefined}
        >
          {column.cell(row)}
        </div>
      ))}
    </>
  );
});

function Card<R>({
  row,
  columns,
  selected,
  toggle,
}: {
  row: R;
  columns: readonly Column<R>[];
  selected: boolean | undefined;
  toggle: () => void;
}) {
  const { t } = useTranslation("list");
  const title = columns.find((one) => one.card === "title") ?? columns[0];
  const badges = columns.filter((one) => one.card === "badge");
  const lines = columns.filter((one) => one !== title && one.card === undefined);
  return (
    <>
      <div role="gridcell" className={styles.cardHead}>
        {selected !== undefined && (
          <input
            type="checkbox"
            aria-label={t("selectRow")}
            checked={selected}
            onChange={toggle}
            className={styles.cardCheck}
          />
        )}
        <span className={styles.cardTitle}>{title?.cell(row)}</span>
        <span className={styles.cardBadges}>
          {badges.map((column) => (
            <span key={column.id}>{column.cell(row)}</span>
          ))}
        </span>
      </div>
      <div role="gridcell" className={styles.cardLines}>
        {lines.map((column) => (
          <span key={column.id} className={styles.cardLine}>
            <span className="soft">{column.title}</span>{" "}
            <span className={styles.cardValue}>{column.cell(row)}</span>
          </span>
        ))}
      </div>
    </>
  );
}

/** A row that is on its way. */
function Waiting({ columns, narrow }: { columns: number; narrow: boolean }) {
  if (narrow) {
    return (
      <div role="gridcell">
        <Skeleton height={14} width="60%" />
        <Skeleton height={12} width="85%" mt={10} />
      </div>
    );
  }
  return (
    <>
      {Array.from({ length: columns }, (_, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
        <div key={place} role="gridcell" className={styles.cell}>
          <Skeleton height={10} width={`${80 - ((place * 23) % 45)}%`} />
        </div>
      ))}
    </>
  );
}
