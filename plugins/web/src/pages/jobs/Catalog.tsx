/** All jobs: what they are, what runs of them, and what can be done. */
import { ActionIcon, Menu } from "@mantine/core";
import { IconDots, IconPlayerPlay, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { ActionButton, useRefusal } from "../../design/ActionButton";
import { Confirm } from "../../design/Confirm";
import { FilterText } from "../../design/FilterText";
import { count } from "../../design/numbers";
import { PageHead } from "../../design/PageHead";
import { Empty, Loaded } from "../../design/States";
import { Status } from "../../design/Status";
import { type Column, Table } from "../../design/Table";
import { visible } from "../../design/text";
import { api, path } from "../../lib/api";
import { useAction, useApi } from "../../lib/data";
import { text, useUrlState } from "../../lib/urlState";
import { listUrl } from "../../list/state";
import type { Job } from "./jobs";

type Doing = "revoke" | "unrevoke" | "kill" | "delete";
const shape = { q: text() };
const TOPICS = ["jobs", "kv:jobs", "executions", "kv:script_status"];

export default function Catalog() {
  const { t } = useTranslation("jobs");
  const navigate = useNavigate();
  const [{ q }, set] = useUrlState(shape);
  const jobs = useApi<Job[]>("/api/jobs", { topics: TOPICS });
  const states = useApi<Record<string, string>>("/api/scripts/status", { topics: TOPICS });
  const wanted = q.toLowerCase();
  return (
    <>
      <PageHead
        title={t("catalog.title")}
        about={t("catalog.about")}
        actions={
          <ActionButton
            needs="operator"
            variant="filled"
            leftSection={<IconPlus size={14} />}
            onClick={() => void navigate("/jobs/+")}
          >
            {t("catalog.new")}
          </ActionButton>
        }
      />
      <Loaded of={jobs}>
        {(all) => (
          <>
            {all.length > 0 && (
              <FilterText label={t("catalog.search")} value={q} onChange={(next) => set({ q: next })} />
            )}
            <Rows
              rows={all.filter((job) => `${job.id} ${job.description ?? ""}`.toLowerCase().includes(wanted))}
              revoked={(id) => states.data?.[id] === "REVOKED"}
              none={all.length === 0}
            />
          </>
        )}
      </Loaded>
    </>
  );
}

function Rows({ rows, revoked, none }: { rows: Job[]; revoked: (id: string) => boolean; none: boolean }) {
  const { t, i18n } = useTranslation("jobs");
  const [asked, ask] = useState<{ job: Job; what: Doing } | null>(null);
  const runs = (job: Job) => job.live.running + job.live.pending;
  const columns: Column<Job>[] = [
    {
      key: "job",
      title: t("column.job"),
      cell: (job) => (
        <>
          <Link to={path`/jobs/${job.id}`}>{visible(job.id)}</Link>
          {job.description && <div className="soft">{visible(job.description)}</div>}
        </>
      ),
    },
    {
      key: "version",
      title: t("column.version"),
      tight: true,
      cell: (job) => <span className="mono">{visible(job.version)}</span>,
    },
    {
      key: "kind",
      title: t("column.kind"),
      tight: true,
      cell: (job) => t(job.inventory ? "kind.inventory" : job.emit ? "kind.events" : "kind.script"),
    },
    {
      key: "state",
      title: t("column.state"),
      tight: true,
      cell: (job) => (
        <Status tone={revoked(job.id) ? "off" : "ok"}>
          {t(revoked(job.id) ? "state.revoked" : "state.active")}
        </Status>
      ),
    },
    {
      key: "live",
      title: t("column.live"),
      tight: true,
      cell: (job) =>
        runs(job) > 0 ? (
          <Link to={listUrl("/activity", { filters: [{ field: "job_id", op: "eq", value: job.id }] })}>
            <Status tone="run">
              {t("live", { count: runs(job), shown: count(runs(job), i18n.language) })}
            </Status>
          </Link>
        ) : (
          <span className="soft">—</span>
        ),
    },
    {
      key: "do",
      title: "",
      tight: true,
      cell: (job) => <Choices job={job} revoked={revoked(job.id)} onAsk={(what) => ask({ job, what })} />,
    },
  ];
  return (
    <>
      <Table
        label={t("catalog.title")}
        columns={columns}
        rows={rows}
        rowKey={(job) => job.id}
        empty={
          none ? (
            <Empty title={t("catalog.emptyTitle")}>{t("catalog.emptyText")}</Empty>
          ) : (
            <Empty title={t("catalog.noneTitle")} />
          )
        }
      />
      <Asked asked={asked} onClose={() => ask(null)} />
    </>
  );
}

function Choices({ job, revoked, onAsk }: { job: Job; revoked: boolean; onAsk: (what: Doing) => void }) {
  const { t } = useTranslation("jobs");
  const navigate = useNavigate();
  const refusal = useRefusal("operator");
  const refused = refusal !== undefined;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label={t("actions", { id: job.id })}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {refusal && <Menu.Label>{refusal}</Menu.Label>}
        <Menu.Item
          disabled={refused}
          leftSection={<IconPlayerPlay size={14} />}
          onClick={() => void navigate(`/run?job=${encodeURIComponent(job.id)}`)}
        >
          {t("do.run")}
        </Menu.Item>
        <Menu.Item onClick={() => void navigate(path`/jobs/${job.id}`)}>{t("do.edit")}</Menu.Item>
        <Menu.Divider />
        <Menu.Item disabled={refused} onClick={() => onAsk(revoked ? "unrevoke" : "revoke")}>
          {t(revoked ? "do.unrevoke" : "do.revoke")}
        </Menu.Item>
        {job.live.running + job.live.pending > 0 && (
          <Menu.Item disabled={refused} onClick={() => onAsk("kill")}>
            {t("do.kill")}
          </Menu.Item>
        )}
        <Menu.Item disabled={refused} color="var(--bad)" onClick={() => onAsk("delete")}>
          {t("do.delete")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function perform({ job, what }: { job: Job; what: Doing }): Promise<unknown> {
  if (what === "delete") return api.delete(path`/api/jobs/${job.id}`);
  if (what === "kill") return api.post(path`/api/jobs/${job.id}/kill`);
  return api.post(`${path`/api/scripts/${job.id}`}/${what}`);
}

function Asked({ asked, onClose }: { asked: { job: Job; what: Doing } | null; onClose: () => void }) {
  const { t } = useTranslation("jobs");
  const action = useAction({
    run: perform,
    done: (_, { what }) => t(`done.${what}`),
    touches: TOPICS,
    after: onClose,
  });
  if (!asked) return null;
  const { job, what } = asked;
  return (
    <Confirm
      opened
      onClose={onClose}
      onConfirm={() => action.mutate(asked)}
      busy={action.isPending}
      danger={what !== "unrevoke"}
      title={t(`ask.${what}`, { id: visible(job.id) })}
      action={t(`do.${what}`)}
    >
      {t(`askText.${what}`, { running: job.live.running, pending: job.live.pending })}
    </Confirm>
  );
}
