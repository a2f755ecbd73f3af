/** How many PCs have which value of a column, under the filters of the list; each number leads to its rows. */
import { Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { count } from "../../design/numbers";
import { Loaded } from "../../design/States";
import { useApi } from "../../lib/data";
import { useListState } from "../../list/state";
import styles from "./inventory.module.css";
import { type InventoryJob, rendered } from "./jobs";
import { columnsOf, tablePath, where } from "./source";

interface CountRows {
  more: boolean;
  counts: { value: string | number | null; rows: number; pcs: number }[];
}

interface CountsProps {
  job: InventoryJob;
  field: string;
  by: string;
  onBy: (column: string) => void;
}

export function Counts({ job, field, by, onBy }: CountsProps) {
  const { t, i18n } = useTranslation("inventory");
  const list = useListState();
  const columns = columnsOf(job, field);
  const column =
    columns.find((one) => one.field === by) ??
    columns.find((one) => one.field === job.summary?.[0]?.field) ??
    columns[0];
  // Of the column itself all values are shown, so that another one can be chosen.
  const filters = list.filters.filter((one) => one.field !== column?.field);
  const { q, where: asked } = where({ q: list.q, filters, sort: "" });
  const answer = useApi<CountRows>(`${tablePath(job.manifest_id, field)}/counts`, {
    query: { column: column?.field, q, where: asked },
    topics: ["inventory"],
    enabled: column !== undefined,
    keep: true,
  });
  if (!column) return null;
  const chosen = list.filters.find(
    (one) => one.field === column.field && (one.op === "eq" || one.op === "none"),
  );
  const choose = (value: string | number | null) => {
    const same =
      chosen &&
      (value === null ? chosen.op === "none" : chosen.op === "eq" && chosen.value === String(value));
    const next =
      value === null
        ? { field: column.field, op: "none" as const, value: "" }
        : { field: column.field, op: "eq" as const, value: String(value) };
    list.filter(same ? filters : [...filters, next]);
  };
  return (
    <aside className={styles.counts} aria-label={t("counts")}>
      <Select
        label={t("countBy")}
        value={column.field}
        onChange={(value) => value && onBy(value)}
        data={columns.map((one) => ({ value: one.field, label: one.label }))}
      />
      <Loaded of={answer}>
        {(data) => {
          const most = Math.max(1, ...data.counts.map((one) => one.pcs));
          return (
            <>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
              <ul className={styles.bars} tabIndex={0} aria-label={column.label}>
                {data.counts.map((one) => (
                  <li key={String(one.value)}>
                    <button
                      type="button"
                      className={styles.bar}
                      aria-pressed={
                        chosen !== undefined &&
                        (one.value === null ? chosen.op === "none" : chosen.value === String(one.value))
                      }
                      onClick={() => choose(one.value)}
                    >
                      <span className={styles.fill} style={{ width: `${(100 * one.pcs) / most}%` }} />
                      <span className={styles.barText}>
                        {one.value === null ? t("noValue") : rendered(one.value, column.type, i18n.language)}
                      </span>
                      <span className={styles.barCount}>{count(one.pcs, i18n.language)}</span>
                    </button>
                  </li>
                ))}
              </ul>
              {data.more && <div className="soft">{t("moreValues")}</div>}
            </>
          );
        }}
      </Loaded>
    </aside>
  );
}
