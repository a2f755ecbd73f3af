/** What any job saw change on one PC. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, path } from "../../lib/api";
import { List } from "../../list/List";
import type { CursorSource } from "../../list/types";
import { useChangeColumns } from "./changeColumns";
import type { ChangeRow } from "./changes";

export function PcHistory({ pcId }: { pcId: string }) {
  const { t } = useTranslation("inventory");
  const columns = useChangeColumns(true);
  const source = useMemo<CursorSource<ChangeRow>>(
    () => ({
      kind: "cursor",
      key: ["changes-of-pc", pcId],
      rowId: (row) => String(row.id),
      topics: ["inventory"],
      page: async (_, before, limit, signal) => {
        const rows = await api.get<ChangeRow[]>(path`/api/agents/${pcId}/inventory_changes`, {
          query: { before, limit },
          signal,
        });
        return { rows, total: null, next: rows.length === limit ? (rows.at(-1)?.observed_at ?? null) : null };
      },
    }),
    [pcId],
  );
  return (
    <List
      id="changes-of-pc"
      views={false}
      label={t("changes")}
      unit={t("changesUnit")}
      columns={columns}
      source={source}
      empty={{ title: t("noChanges"), text: t("noChangesText") }}
    />
  );
}
