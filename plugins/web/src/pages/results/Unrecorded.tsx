/** A run of which the host has no record of its own (a script that was given its run id): what came back. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Id } from "../../design/Id";
import { PageHead } from "../../design/PageHead";
import { visible } from "../../design/text";
import { path } from "../../lib/api";
import { List } from "../../list/List";
import { useResultColumns, useResultFields } from "./columns";
import { resultSource, resultTone } from "./runs";

export function Unrecorded({ execId }: { execId: string }) {
  const { t } = useTranslation("results");
  const source = useMemo(() => resultSource({ run: execId }), [execId]);
  return (
    <>
      <PageHead
        tab={visible(execId)}
        title={t("column.run")}
        about={
          <>
            <Id value={execId} most={40} /> {t("execution.unrecorded")}
          </>
        }
      />
      <List
        id="results-of-run"
        views={false}
        label={t("activity.results")}
        unit={(count) => t("unit.result", { count })}
        columns={useResultColumns()}
        fields={useResultFields("exec_id")}
        source={source}
        href={(row) => path`/activity/${row.result_id}`}
        tone={(row) => (resultTone(row) === "bad" ? "bad" : undefined)}
        empty={{ title: t("activity.emptyResults"), text: t("execution.unrecordedText") }}
      />
    </>
  );
}
