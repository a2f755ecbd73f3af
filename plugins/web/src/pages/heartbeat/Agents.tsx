/** All agents: search, filter, choose, act. */

import { Anchor, Tooltip } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Age } from "../../design/Age";
import { bytes, percent } from "../../design/numbers";
import { PageHead } from "../../design/PageHead";
import { PageLink } from "../../design/PageLink";
import { Status } from "../../design/Status";
import { visible } from "../../design/text";
import { path } from "../../lib/api";
import { useApi } from "../../lib/data";
import { CellLink } from "../../list/CellLink";
import { List } from "../../list/List";
import { listUrl } from "../../list/state";
import type { Column } from "../../list/types";
import { useAgentFields, useAttributes } from "../../pick/agentFields";
import { useNoAgentsWords } from "../../pick/NoAgents";
import { useAgentActions } from "./actions";
import { type AgentRow, TOPICS, useAgentSource } from "./agents";
import styles from "./agents.module.css";

export default function Agents() {
  const { t } = useTranslation("heartbeat");
  const columns = useColumns();
  const fields = useAgentFields();
  const source = useAgentSource();
  const { actions, dialogs } = useAgentActions();
  return (
    <>
      <PageHead title={t("agents.title")} about={<Summary />} />
      <List
        id="agents"
        label={t("agents.title")}
        unit={(count) => t("agents.unit", { count })}
        search={t("agents.search")}
        columns={columns}
        fields={fields}
        source={source}
        href={(row) => path`/agents/${row.pc_id}`}
        actions={actions}
        tone={(row) => (row.online ? undefined : "off")}
        empty={useNoAgentsWords()}
      />
      {dialogs}
    </>
  );
}

interface Facets {
  facets: { by: string; values: { value: string | null; count: number }[] }[];
}

/** How many are online, at a glance, each number a link to its rows. */
function Summary() {
  const { t, i18n } = useTranslation("heartbeat");
  const { data } = useApi<Facets>("/api/fleet/facets", { query: { by: "online" }, topics: TOPICS });
  if (!data) return <span>{t("agents.about")}</span>;
  const counts = new Map(data.facets[0]?.values.map((one) => [one.value, one.count]));
  const number = (value: number | undefined) => new Intl.NumberFormat(i18n.language).format(value ?? 0);
  const to = (value: string) => listUrl("/agents", { filters: [{ field: "online", op: "eq", value }] });
  return (
    <span className={styles.summary}>
      <Anchor component={PageLink} to={to("true")}>
        <Status tone="ok">{t("agents.online", { shown: number(counts.get("true")) })}</Status>
      </Anchor>
      <Anchor component={PageLink} to={to("false")}>
        <Status tone="off">{t("agents.offline", { shown: number(counts.get("false")) })}</Status>
      </Anchor>
    </span>
  );
}

export function useColumns(): readonly Column<AgentRow>[] {
  const { t } = useTranslation("heartbeat");
  const attributes = useAttributes();
  return useMemo<Column<AgentRow>[]>(
    () => [
      {
        id: "online",
        title: t("column.state"),
        width: 96,
        grow: 0,
        sort: "online",
        descending: true,
        card: "badge",
        cell: (row) => (
          <Status tone={row.online ? "ok" : "off"}>{t(row.online ? "state.online" : "state.offline")}</Status>
        ),
      },
      {
        id: "pc_id",
        title: t("column.pc"),
        width: 170,
        grow: 2,
        fixed: true,
        sort: "pc_id",
        card: "title",
        cell: (row) => (
          <>
            <CellLink to={path`/agents/${row.pc_id}`} className={styles.pc}>
              {visible(row.pc_id)}
            </CellLink>
            {row.warnings.length > 0 && (
              <Tooltip label={row.warnings.map((one) => one.text).join("\n")}>
                <IconAlertTriangle size={13} className={styles.warning} aria-label={t("warning")} />
              </Tooltip>
            )}
          </>
        ),
      },
      {
        id: "hostname",
        title: t("column.hostname"),
        width: 130,
        grow: 2,
        sort: "hostname",
        cell: (row) => visible(row.hostname ?? "—"),
      },
      {
        id: "os",
        title: t("column.os"),
        width: 80,
        sort: "os",
        cell: (row) => visible(row.os_family ?? "—"),
      },
      {
        id: "version",
        title: t("column.version"),
        width: 96,
        sort: "version",
        descending: true,
        cell: (row) => <span className="mono">{visible(row.agent_version ?? "—")}</span>,
      },
      {
        id: "groups",
        title: t("column.groups"),
        width: 170,
        grow: 3,
        cell: (row) =>
          row.groups.length === 0 ? (
            <span className="soft">—</span>
          ) : (
            row.groups.map((group, place) => (
              <span key={group}>
                {place > 0 && ", "}
                <CellLink to={listUrl("/agents", { filters: [{ field: "group", op: "eq", value: group }] })}>
                  {visible(group)}
                </CellLink>
              </span>
            ))
          ),
      },
      {
        id: "last_heartbeat",
        title: t("column.heartbeat"),
        width: 110,
        sort: "last_heartbeat",
        descending: true,
        cell: (row) => <Age at={row.last_heartbeat} never={t("never")} />,
      },
      {
        id: "received_at",
        title: t("column.received"),
        width: 110,
        sort: "received_at",
        descending: true,
        optional: true,
        cell: (row) => <Age at={row.received_at} />,
      },
      {
        id: "cpu",
        title: t("column.cpu"),
        width: 136,
        align: "end",
        sort: "cpu",
        descending: true,
        cell: (row) => percent(row.agent_cpu_pct),
      },
      {
        id: "rss",
        title: t("column.rss"),
        width: 160,
        align: "end",
        sort: "rss",
        descending: true,
        cell: (row) => bytes(row.agent_rss_bytes),
      },
      {
        id: "read",
        title: t("column.read"),
        width: 96,
        align: "end",
        optional: true,
        cell: (row) => bytes(row.agent_disk_read_bytes),
      },
      {
        id: "written",
        title: t("column.written"),
        width: 96,
        align: "end",
        optional: true,
        cell: (row) => bytes(row.agent_disk_written_bytes),
      },
      ...attributes.map(
        ({ name }): Column<AgentRow> => ({
          id: `attribute.${name}`,
          title: name,
          width: 110,
          optional: true,
          cell: (row) => visible(row.attributes[name] ?? "—"),
        }),
      ),
    ],
    [t, attributes],
  );
}
