/** A short table, for what is a page at most. Long lists that the server filters have a component of their own. */
import type { ReactNode } from "react";
import styles from "./Table.module.css";

export interface Column<T> {
  key: string;
  title: ReactNode;
  cell: (row: T) => ReactNode;
  /** Numbers stand to the right. */
  right?: boolean;
  /** As wide as it needs, and no wider. */
  tight?: boolean;
}

interface TableProps<T> {
  /** What the table is, for those who hear it. */
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  /** Shown under a row that is open. */
  detail?: (row: T) => ReactNode;
  /** Instead of rows, when there are none. */
  empty?: ReactNode;
}

export function Table<T>({ label, columns, rows, rowKey, detail, empty }: TableProps<T>) {
  if (rows.length === 0 && empty) return <>{empty}</>;
  return (
    <div className={styles.scroll}>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" className={shape(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={rowKey(row)} row={row} columns={columns} detail={detail?.(row)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function shape<T>(column: Column<T>): string {
  return [
    column.right ? styles.right : "",
    column.tight ? styles.tight : "",
    column.title === "" ? styles.nameless : "",
  ].join(" ");
}

interface RowProps<T> {
  row: T;
  columns: readonly Column<T>[];
  detail: ReactNode;
}

function Row<T>({ row, columns, detail }: RowProps<T>) {
  return (
    <>
      <tr className={detail ? styles.opened : undefined}>
        {columns.map((column, place) => (
          <td key={column.key} className={shape(column)}>
            {place > 0 && column.title !== "" && (
              <span className={styles.label} aria-hidden="true">
                {column.title}
              </span>
            )}
            {column.cell(row)}
          </td>
        ))}
      </tr>
      {detail && (
        <tr className={styles.detail}>
          <td colSpan={columns.length}>{detail}</td>
        </tr>
      )}
    </>
  );
}
