/** Inventory of the fleet: the facts of a job or one of its tables; filtered, counted by value, acted on. */
import { Button, Select, Tabs } from "@mantine/core";
import { IconChartBar, IconDevices } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { PageHead } from "../../design/PageHead";
import { Loaded } from "../../design/States";
import { flag, text, useUrlState } from "../../lib/urlState";
import { Counts } from "./Counts";
import styles from "./inventory.module.css";
import { type InventoryJob, useInventoryJobs } from "./jobs";
import { NoJobs } from "./NoJobs";
import { TableOf } from "./TableOf";

const shape = { job: text(), table: text(), counts: flag(), by: text() };
const OTHERS = { q: "", f: [], sort: "", cols: null };

export default function Tables() {
  const { t } = useTranslation("inventory");
  const jobs = useInventoryJobs();
  return (
    <>
      <PageHead title={t("title")} about={t("about")} />
      <Loaded of={jobs}>{(found) => (found.length === 0 ? <NoJobs /> : <Chosen jobs={found} />)}</Loaded>
    </>
  );
}

/** Everything that one sees of another table would make no sense in this one. */
const reset = {
  ...shape,
  q: text(),
  f: {
    fallback: [] as readonly string[],
    read: (values: string[]) => values,
    write: (values: readonly string[]) => [...values],
  },
  sort: text(),
  cols: {
    fallback: null as string | null,
    read: (values: string[]) => values[0] ?? null,
    write: (value: string | null) => (value ? [value] : []),
  },
};

function Chosen({ jobs }: { jobs: InventoryJob[] }) {
  const { t } = useTranslation("inventory");
  const [{ job, table, counts, by }, set] = useUrlState(reset);
  const chosen = jobs.find((one) => one.manifest_id === job) ?? jobs[0];
  const tables = useMemo(() => chosen?.explode ?? [], [chosen]);
  if (!chosen) return null;
  const field = tables.some((one) => one.field === table) ? table : "";
  return (
    <>
      <div className={styles.choose}>
        <Select
          aria-label={t("job")}
          w={280}
          searchable
          value={chosen.manifest_id}
          onChange={(value) => set({ job: value ?? "", table: "", by: "", ...OTHERS }, { push: true })}
          data={jobs.map((one) => ({ value: one.manifest_id, label: one.manifest_id }))}
        />
        {chosen.description && <span className="soft">{chosen.description}</span>}
      </div>
      <Tabs
        value={field || "facts"}
        onChange={(value) =>
          set({ table: value === "facts" ? "" : (value ?? ""), by: "", ...OTHERS }, { push: true })
        }
        keepMounted={false}
      >
        <Tabs.List aria-label={t("tables")}>
          <Tabs.Tab value="facts" leftSection={<IconDevices size={14} />}>
            {t("facts")}
          </Tabs.Tab>
          {tables.map((one) => (
            <Tabs.Tab key={one.field} value={one.field}>
              {one.field}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={field || "facts"} className={styles.panel}>
          <div className={counts ? styles.split : undefined}>
            {counts && (
              <Counts
                key={`${chosen.manifest_id}/${field}`}
                job={chosen}
                field={field}
                by={by}
                onBy={(next) => set({ by: next })}
              />
            )}
            <TableOf
              key={`${chosen.manifest_id}/${field}`}
              job={chosen}
              field={field}
              extra={
                <Button
                  leftSection={<IconChartBar size={14} />}
                  variant={counts ? "light" : "default"}
                  aria-pressed={counts}
                  onClick={() => set({ counts: !counts })}
                >
                  {t("counts")}
                </Button>
              }
            />
          </div>
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
