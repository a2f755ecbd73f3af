/** Fires that wait until somebody else releases them. */

import { Group } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { Age } from "../../design/Age";
import { Asked } from "../../design/Asked";
import { count } from "../../design/numbers";
import { PageHead } from "../../design/PageHead";
import { PageLink } from "../../design/PageLink";
import { Empty, Loaded } from "../../design/States";
import { Status, type Tone } from "../../design/Status";
import { type Column, Table } from "../../design/Table";
import { visible } from "../../design/text";
import { api, path } from "../../lib/api";
import { useApi } from "../../lib/data";
import { usePrincipal } from "../../lib/me";

interface Approval {
  exec_id: string;
  job_id: string;
  version: string;
  expected: number;
  asked_by: string;
  schedule_id: string | null;
  /** Who may have written the schedule that asks. */
  authors: string[];
  /** Who saved what it runs; null: nobody knows. */
  job_author: string | null;
  asked_at: string;
  expires_at: string;
  state: string;
  decided_by: string | null;
  decided_at: string | null;
  reason: string | null;
}

const TONES: Record<string, Tone> = {
  pending: "wait",
  approved: "run",
  fired: "ok",
  rejected: "off",
  expired: "warn",
  failed: "bad",
};

/** The key of why that account cannot be the second person. */
function whyNot(row: Approval, me: string | undefined) {
  if (me === NO_ACCOUNT) return "approvals.noAccount";
  if (!row.schedule_id && me === row.asked_by) return "approvals.own";
  if (me && row.authors.includes(me)) return "approvals.ownSchedule";
  if (me && me === row.job_author) return "approvals.ownJob";
  return row.job_author === null ? "approvals.nobodys" : undefined;
}

/** What everybody is called while authentication is off. */
const NO_ACCOUNT = "auth-disabled";

interface Decision {
  row: Approval;
  what: "approve" | "reject";
}

export default function Approvals() {
  const { t } = useTranslation("jobs");
  const answer = useApi<Approval[]>("/api/approvals", { topics: ["approvals"] });
  const [asked, ask] = useState<Decision | null>(null);
  return (
    <>
      <PageHead title={t("approvals.title")} about={t("approvals.about")} />
      <Loaded of={answer}>{(rows) => <Rows rows={rows} onAsk={ask} />}</Loaded>
      <Decide asked={asked} onClose={() => ask(null)} />
    </>
  );
}

function Rows({ rows, onAsk }: { rows: Approval[]; onAsk: (asked: Decision) => void }) {
  const { t, i18n } = useTranslation("jobs");
  const { data: me } = usePrincipal();
  const blocked = (row: Approval) => {
    const why = row.state === "pending" ? whyNot(row, me?.subject) : undefined;
    return why && t(why);
  };
  const columns: Column<Approval>[] = [
    {
      key: "job",
      title: t("column.job"),
      cell: (row) => (
        <>
          <PageLink to={path`/jobs/${row.job_id}`}>{visible(row.job_id)}</PageLink>{" "}
          <span className="soft mono">{visible(row.version)}</span>
          {row.reason && <div className="soft">{visible(row.reason)}</div>}
        </>
      ),
    },
    {
      key: "expected",
      title: t("approvals.pcs"),
      tight: true,
      right: true,
      cell: (row) => count(row.expected, i18n.language),
    },
    {
      key: "by",
      title: t("approvals.by"),
      cell: (row) => (
        <>
          {visible(row.asked_by)} · <Age at={row.asked_at} />
        </>
      ),
    },
    {
      key: "state",
      title: t("column.state"),
      cell: (row) => (
        <>
          <Status tone={TONES[row.state] ?? "off"}>
            {t(`approvals.state.${row.state}`, { defaultValue: row.state })}
          </Status>
          {row.decided_by && <span className="soft"> · {visible(row.decided_by)}</span>}
          {blocked(row) && <div className="soft">{blocked(row)}</div>}
          {row.state === "fired" && (
            <>
              {" "}
              <PageLink to={path`/executions/${row.exec_id}`}>{t("approvals.run")}</PageLink>
            </>
          )}
        </>
      ),
    },
    {
      key: "do",
      title: "",
      tight: true,
      cell: (row) =>
        row.state === "pending" && (
          <Group gap="xs" wrap="nowrap">
            <ActionButton
              needs="operator"
              size="compact-xs"
              blocked={blocked(row)}
              onClick={() => onAsk({ row, what: "approve" })}
            >
              {t("approvals.approve")}
            </ActionButton>
            <ActionButton needs="operator" size="compact-xs" onClick={() => onAsk({ row, what: "reject" })}>
              {t("approvals.reject")}
            </ActionButton>
          </Group>
        ),
    },
  ];
  return (
    <Table
      label={t("approvals.title")}
      columns={columns}
      rows={rows}
      rowKey={(row) => row.exec_id}
      empty={<Empty title={t("approvals.emptyTitle")}>{t("approvals.emptyText")}</Empty>}
    />
  );
}

function Decide({ asked, onClose }: { asked: Decision | null; onClose: () => void }) {
  const { t } = useTranslation("jobs");
  return (
    <Asked
      asked={asked}
      question={({ row, what }) => ({
        danger: what === "reject",
        title: t(`approvals.ask.${what}`, { job: visible(row.job_id) }),
        action: t(`approvals.${what}`),
        count: what === "approve" ? row.expected : undefined,
        reason: what === "reject" ? t("approvals.reason") : undefined,
        children: t("approvals.askText", { count: row.expected, by: visible(row.asked_by) }),
      })}
      run={({ row, what }, reason) =>
        api.post(`${path`/api/approvals/${row.exec_id}`}/${what}`, {
          json: what === "reject" ? { reason } : undefined,
        })
      }
      done={({ what }) => t(`approvals.done.${what}`)}
      touches={["approvals", "executions"]}
      onClose={onClose}
    />
  );
}
