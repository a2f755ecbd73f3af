/** What changed on all PCs, and since when PCs have something. */
import { Select } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { RangePicker } from "../../charts/RangePicker";
import { useRange } from "../../charts/range";
import { PageHead } from "../../design/PageHead";
import { Empty, Loaded } from "../../design/States";
import { api, path } from "../../lib/api";
import { text, useUrlState } from "../../lib/urlState";
import { List } from "../../list/List";
import type { Field, OffsetSource } from "../../list/types";
import { useChangeColumns } from "./changeColumns";
import type { ChangeRow } from "./changes";
import styles from "./inventory.module.css";
import { type InventoryJob, useInventoryJobs } from "./jobs";

const shape = { job: text() };

export default function History() {
  const { t } = useTranslation("inventory");
  const jobs = useInventoryJobs();
  return (
    <>
      <PageHead title={t("historyTitle")} about={t("historyAbout")} />
      <Loaded of={jobs}>
        {(found) =>
          found.length === 0 ? <Empty title={t("noJobs")}>{t("noJobsText")}</Empty> : <Changes jobs={found} />
        }
      </Loaded>
    </>
  );
}

function Changes({ jobs }: { jobs: InventoryJob[] }) {
  const { t } = useTranslation("inventory");
  const [{ job }, set] = useUrlState(shape);
  const chosen = jobs.find((one) => one.manifest_id === job) ?? jobs[0];
  const id = chosen?.manifest_id ?? "";
  const state = useRange("7d");
  const columns = useChangeColumns(false);
  const fields = useFields(chosen);
  const { preset, from, to } = state.range;
  // A preset is asked for by the day: the rows stay while the clock runs.
  const since = preset === null ? from.toISOString() : `${from.toISOString().slice(0, 13)}:00:00Z`;
  const until = preset === null ? to.toISOString() : null;
  const source = useMemo<OffsetSource<ChangeRow>>(
    () => ({
      kind: "offset",
      key: ["changes", id, since, until],
      rowId: (row) => String(row.id),
      topics: until === null ? ["inventory"] : [],
      page: async (asked, offset, limit, signal) => {
        const filters = Object.fromEntries(asked.filters.map((one) => [one.field, one.value]));
        const query = { ...filters, since, until, limit, offset };
        const rows = await api.get<ChangeRow[]>(path`/api/inventory/${id}/history/search`, { query, signal });
        return { rows, total: null };
      },
    }),
    [id, since, until],
  );
  return (
    <List
      id="inventory.history"
      label={t("historyTitle")}
      unit={t("changesUnit")}
      columns={columns}
      fields={fields}
      source={source}
      extra={
        <span className={styles.choose}>
          <Select
            aria-label={t("job")}
            w={200}
            value={id}
            onChange={(value) => set({ job: value ?? "" }, { push: true })}
            data={jobs.map((one) => one.manifest_id)}
          />
          <RangePicker state={state} presets={["24h", "7d", "30d", "90d"]} />
        </span>
      }
      empty={{ title: t("noChanges"), text: t("noChangesText") }}
    />
  );
}

function useFields(job: InventoryJob | undefined): readonly Field[] {
  const { t } = useTranslation("inventory");
  return useMemo(() => {
    const kinds = (["added", "removed", "changed"] as const).map((value) => ({
      value,
      label: t(`kind.${value}`),
    }));
    const made: Field[] = [
      {
        id: "kind",
        title: t("change"),
        kind: "choice",
        ops: ["eq"],
        choices: kinds,
        show: (value) => t(`kind.${value}`, { defaultValue: value }),
      },
      { id: "field", title: t("field"), kind: "text", ops: ["eq"] },
    ];
    const keys = new Set(job?.explode?.flatMap((one) => one.columns.map((column) => column.field)));
    for (const key of keys) made.push({ id: `identity.${key}`, title: key, kind: "text", ops: ["eq"] });
    return made;
  }, [job, t]);
}
