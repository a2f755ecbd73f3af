/** What ran on one PC. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { path } from "../../lib/api";
import { List } from "../../list/List";
import type { PanelProps } from "../registry";
import { useResultColumns, useResultFields } from "./columns";
import { resultSource, resultTone } from "./runs";

export default function Panel({ pcId }: PanelProps) {
  const { t } = useTranslation("results");
  const source = useMemo(() => resultSource({ pc: pcId }), [pcId]);
  return (
    <List
      id="results-of-pc"
      views={false}
      label={t("activity.results")}
      unit={(count) => t("unit.result", { count })}
      columns={useResultColumns(true)}
      fields={useResultFields("pc_id")}
      source={source}
      href={(row) => path`/activity/${row.result_id}`}
      tone={(row) => (resultTone(row) === "bad" ? "bad" : undefined)}
      empty={{ title: t("activity.emptyResults"), text: t("activity.emptyResultsText") }}
    />
  );
}
