/** One result: where, when, how it ended, and everything that it said. */
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { Age, absolute, span } from "../../design/Age";
import { Facts as FactList } from "../../design/Facts";
import { CopyButton, Id } from "../../design/Id";
import { count } from "../../design/numbers";
import { Output } from "../../design/Output";
import { PageHead, Section } from "../../design/PageHead";
import { PageLink } from "../../design/PageLink";
import { Loaded } from "../../design/States";
import { visible } from "../../design/text";
import { path } from "../../lib/api";
import { useApi } from "../../lib/data";
import { ResultMark } from "./marks";
import styles from "./results.module.css";
import type { ResultRow } from "./runs";

interface Detail extends ResultRow {
  stdout_object?: string;
  stderr_object?: string;
}

export default function Result() {
  const { resultId = "" } = useParams();
  const answer = useApi<Detail>(path`/api/results/${resultId}`, { topics: ["results"] });
  return <Loaded of={answer}>{(row) => <Shown row={row} />}</Loaded>;
}

function Shown({ row }: { row: Detail }) {
  const { t } = useTranslation("results");
  return (
    <>
      <PageHead
        tab={`${row.job_id ?? t("result.title")} · ${row.pc_id}`}
        title={visible(row.job_id ?? t("result.title"))}
        about={
          <span className={styles.facts}>
            <ResultMark row={row} />
            <PageLink to={path`/agents/${row.pc_id}`}>{visible(row.pc_id)}</PageLink>
            <Age at={row.finished_at ?? row.started_at} />
          </span>
        }
      />
      <Facts row={row} />
      <Stream title={t("column.stdout")} text={row.stdout} away={row.stdout_object} />
      <Stream title={t("column.stderr")} text={row.stderr} away={row.stderr_object} />
    </>
  );
}

function Facts({ row }: { row: Detail }) {
  const { t } = useTranslation("results");
  const code = row.exit_code;
  const skipped = code !== null && code >= 124 && code <= 127;
  const took =
    row.started_at && row.finished_at ? span(Date.parse(row.finished_at) - Date.parse(row.started_at)) : null;
  return (
    <FactList
      of={[
        [
          t("column.exit"),
          <Fragment key="exit">
            {code ?? "—"}
            {skipped && <span className="soft"> · {t(`exit.skip.${code}`)}</span>}
          </Fragment>,
        ],
        [t("column.started"), row.started_at ? absolute(row.started_at) : "—"],
        [
          t("column.finished"),
          <Fragment key="finished">
            {row.finished_at ? absolute(row.finished_at) : t("exit.running")}
            {took && <span className="soft"> · {took}</span>}
          </Fragment>,
        ],
        [
          t("column.version"),
          <span key="version" className="mono">
            {visible(row.version ?? "—")}
          </span>,
        ],
        [
          t("column.run"),
          row.exec_id ? (
            <Id key="run" value={row.exec_id} most={40} to={path`/executions/${row.exec_id}`} />
          ) : (
            "—"
          ),
        ],
        [t("column.request"), <Id key="request" value={row.request_id} most={40} />],
        [t("column.result"), <Id key="result" value={row.result_id} most={40} />],
      ]}
    />
  );
}

function Stream({ title, text, away }: { title: string; text: string; away?: string }) {
  const { t, i18n } = useTranslation("results");
  return (
    <Section
      title={
        <>
          {title}{" "}
          <span className="soft">
            {t("result.characters", { count: text.length, shown: count(text.length, i18n.language) })}
          </span>
        </>
      }
      actions={text ? <CopyButton value={text} label={t("result.copy", { name: title })} /> : undefined}
    >
      {away && (
        <p className="soft" role="note">
          {t("result.away", { name: visible(away) })}
        </p>
      )}
      {text ? <Output text={text} label={title} /> : !away && <p className="soft">{t("outputs.nothing")}</p>}
    </Section>
  );
}
