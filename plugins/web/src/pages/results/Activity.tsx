/** What was fired, what came of it, and who never answered. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { PageHead } from "../../design/PageHead";
import { Segments } from "../../design/Segments";
import { path } from "../../lib/api";
import { choice, text, useUrlState } from "../../lib/urlState";
import { List } from "../../list/List";
import { filtersParam } from "../../list/state";
import {
  useResultColumns,
  useResultFields,
  useRunColumns,
  useRunFields,
  useStateField,
  useUnansweredColumns,
} from "./columns";
import { resultSource, resultTone, runSource, runTone, unansweredSource } from "./runs";

const VIEWS = ["runs", "results", "unanswered"] as const;
const shape = { view: choice(VIEWS, "runs"), q: text(), f: filtersParam, sort: text() };

export default function Activity() {
  const { t } = useTranslation("results");
  const [{ view }, set] = useUrlState(shape);
  const choose = (next: string) =>
    set({ view: next as (typeof VIEWS)[number], q: "", f: [], sort: "" }, { push: true });
  return (
    <>
      <PageHead
        title={t("activity.title")}
        about={t(`activity.about.${view}`)}
        actions={
          <Segments
            label={t("activity.view")}
            value={view}
            onChange={choose}
            data={VIEWS.map((value) => ({ value, label: t(`activity.${value}`) }))}
          />
        }
      />
      {view === "runs" && <Runs />}
      {view === "results" && <Results />}
      {view === "unanswered" && <Unanswered />}
    </>
  );
}

function Runs() {
  const { t } = useTranslation("results");
  const source = useMemo(runSource, []);
  return (
    <List
      id="runs"
      label={t("activity.runs")}
      unit={(count) => t("unit.run", { count })}
      search={t("activity.search")}
      columns={useRunColumns()}
      fields={useRunFields()}
      source={source}
      href={(row) => path`/executions/${row.exec_id}`}
      tone={(row) => (runTone(row) === "bad" ? "bad" : undefined)}
      empty={{ title: t("activity.emptyRuns"), text: t("activity.emptyRunsText") }}
    />
  );
}

function Results() {
  const { t } = useTranslation("results");
  const source = useMemo(() => resultSource(), []);
  return (
    <List
      id="results"
      label={t("activity.results")}
      unit={(count) => t("unit.result", { count })}
      columns={useResultColumns()}
      fields={useResultFields()}
      source={source}
      href={(row) => path`/activity/${row.result_id}`}
      tone={(row) => (resultTone(row) === "bad" ? "bad" : undefined)}
      empty={{ title: t("activity.emptyResults"), text: t("activity.emptyResultsText") }}
    />
  );
}

function Unanswered() {
  const { t } = useTranslation("results");
  const source = useMemo(unansweredSource, []);
  const runs = useRunFields();
  const state = useStateField();
  const fields = useMemo(
    () => [state, ...runs.filter((one) => one.id === "job_id" || one.id === "since")],
    [state, runs],
  );
  return (
    <List
      id="unanswered"
      label={t("activity.unanswered")}
      unit={(count) => t("unit.target", { count })}
      search={t("activity.searchPc")}
      columns={useUnansweredColumns()}
      fields={fields}
      source={source}
      href={(row) => path`/executions/${row.exec_id}`}
      empty={{ title: t("activity.emptyUnanswered"), text: t("activity.emptyUnansweredText") }}
    />
  );
}
