/** What any job saw change on one PC: by time, kind, job and field. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { RangePicker } from "../../charts/RangePicker";
import { useBounds, useRange } from "../../charts/range";
import { api, path } from "../../lib/api";
import { List } from "../../list/List";
import type { CursorSource, Field } from "../../list/types";
import { useChangeColumns, useKindField } from "./changeColumns";
import { after, type ChangeRow } from "./changes";
import { useInventoryJobs } from "./jobs";

export function PcHistory({ pcId }: { pcId: string }) {
  const { t } = useTranslation("inventory");
  const columns = useChangeColumns(true);
  const fields = useFields();
  const state = useRange("30d");
  const { from, to } = useBounds(state);
  const source = useMemo<CursorSource<ChangeRow>>(
    () => ({
      kind: "cursor",
      key: ["changes-of-pc", pcId, from, to],
      rowId: (row) => String(row.id),
      topics: to === null ? ["inventory"] : [],
      page: async (asked, cursor, limit, signal) => {
        const filters = Object.fromEntries(asked.filters.map((one) => [one.field, one.value]));
        const [before = to, before_id] = cursor?.split(" ") ?? [];
        const rows = await api.get<ChangeRow[]>(path`/api/agents/${pcId}/inventory_changes`, {
          query: { ...filters, since: from, before, before_id, limit },
          signal,
        });
        return { rows, total: null, next: after(rows, limit) };
      },
    }),
    [pcId, from, to],
  );
  return (
    <List
      id="changes-of-pc"
      views={false}
      label={t("changes")}
      unit={(count) => t("changesUnit", { count })}
      columns={columns}
      fields={fields}
      source={source}
      extra={<RangePicker state={state} presets={["24h", "7d", "30d", "90d"]} />}
      empty={{ title: t("noChanges"), text: t("noChangesText") }}
    />
  );
}

function useFields(): readonly Field[] {
  const { t } = useTranslation("inventory");
  const kind = useKindField();
  const { data: jobs } = useInventoryJobs();
  return useMemo(
    () => [
      kind,
      {
        id: "job",
        title: t("job"),
        kind: "choice",
        ops: ["eq"],
        choices: (jobs ?? []).map((one) => ({ value: one.manifest_id })),
      },
      { id: "field", title: t("field"), kind: "text", ops: ["eq"] },
    ],
    [kind, jobs, t],
  );
}
