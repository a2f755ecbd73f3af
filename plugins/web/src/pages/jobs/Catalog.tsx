/** All jobs: what they are, what runs of them, and what can be done. */

import { ActionIcon, Menu } from "@mantine/core";
import { IconDots, IconPlayerPlay, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { ActionButton, useRefusal } from "../../design/ActionButton";
import { FilterLine } from "../../design/FilterText";
import { count } from "../../design/numbers";
import { PageHead } from "../../design/PageHead";
import { PageLink } from "../../design/PageLink";
import { SheetLink } from "../../design/SheetLink";
import { Empty, Loaded } from "../../design/States";
import { Status } from "../../design/Status";
import { type Column, Table } from "../../design/Table";
import { visible } from "../../design/text";
import { path } from "../../lib/api";
import { useApi } from "../../lib/data";
import { text, useUrlState } from "../../lib/urlState";
import { listUrl } from "../../list/state";
import { AskedJob, type Doing, doings, TOPICS, type Wish } from "./doings";
import { JobMark, JobSheet } from "./JobSheet";
import { type Job, kindOf } from "./jobs";

const shape = { q: text(), open: text() };

export default function Catalog() {
  const { t, i18n } = useTranslation("jobs");
  const navigate = useNavigate();
  const [{ q, open }, set] = useUrlState(shape);
  const [asked, ask] = useState<Wish | null>(null);
  const jobs = useApi<Job[]>("/api/jobs", { topics: TOPICS });
  const states = useApi<Record<string, string>>("/api/scripts/status", { topics: TOPICS });
  const wanted = q.toLowerCase();
  const revoked = (id: string) => states.data?.[id] === "REVOKED";
  const close = () => set({ open: "" }, { push: true });
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
        {(all) => {
          const rows = all.filter((job) =>
            `${job.id} ${job.description ?? ""}`.toLowerCase().includes(wanted),
          );
          const opened = all.find((job) => job.id === open);
          return (
            <>
              {all.length > 0 && (
                <FilterLine
                  label={t("catalog.search")}
                  value={q}
                  onChange={(next) => set({ q: next })}
                  total={t("catalog.total", { count: rows.length, shown: count(rows.length, i18n.language) })}
                />
              )}
              <Rows rows={rows} revoked={revoked} none={all.length === 0} onAsk={ask} />
              <JobSheet
                job={opened}
                revoked={revoked(open)}
                onAsk={(what) => opened && ask({ job: opened, what })}
                onClose={close}
              />
              <AskedJob
                asked={asked}
                onClose={() => ask(null)}
                onDone={(what) => what === "delete" && open !== "" && close()}
              />
            </>
          );
        }}
      </Loaded>
    </>
  );
}

interface RowsProps {
  rows: Job[];
  revoked: (id: string) => boolean;
  none: boolean;
  onAsk: (asked: Wish) => void;
}

function Rows({ rows, revoked, none, onAsk }: RowsProps) {
  const { t, i18n } = useTranslation("jobs");
  const runs = (job: Job) => job.live.running + job.live.pending;
  const columns: Column<Job>[] = [
    {
      key: "job",
      title: t("column.job"),
      cell: (job) => (
        <>
          <SheetLink id={job.id}>{visible(job.id)}</SheetLink>
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
      cell: (job) => t(kindOf(job)),
    },
    {
      key: "state",
      title: t("column.state"),
      tight: true,
      cell: (job) => <JobMark revoked={revoked(job.id)} />,
    },
    {
      key: "live",
      title: t("column.live"),
      tight: true,
      cell: (job) =>
        runs(job) > 0 ? (
          <PageLink to={listUrl("/activity", { filters: [{ field: "job_id", op: "eq", value: job.id }] })}>
            <Status tone="run">
              {t("live", { count: runs(job), shown: count(runs(job), i18n.language) })}
            </Status>
          </PageLink>
        ) : (
          <span className="soft">—</span>
        ),
    },
    {
      key: "do",
      title: "",
      tight: true,
      cell: (job) => <Choices job={job} revoked={revoked(job.id)} onAsk={(what) => onAsk({ job, what })} />,
    },
  ];
  return (
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
        {doings(job, revoked).map((what) => (
          <Menu.Item
            key={what}
            disabled={refused}
            color={what === "delete" ? "var(--bad)" : undefined}
            onClick={() => onAsk(what)}
          >
            {t(`do.${what}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
