/** The first panel of an agent: what is known of it, and what happened to it. */

import { Anchor } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { absolute } from "../../design/Age";
import { bytes, percent } from "../../design/numbers";
import { Section } from "../../design/PageHead";
import { PageLink } from "../../design/PageLink";
import { Loaded } from "../../design/States";
import { visible } from "../../design/text";
import { listUrl } from "../../list/state";
import type { PanelProps } from "../registry";
import { useAgent } from "./Agent";
import styles from "./agent.module.css";
import type { AgentRow } from "./agents";
import { Timeline } from "./Timeline";

export default function Facts({ pcId }: PanelProps) {
  const { t } = useTranslation("heartbeat");
  const agent = useAgent(pcId);
  return (
    <div className={styles.columns}>
      <Section title={t("agent.facts")}>
        <Loaded of={agent}>{(found) => <List agent={found} />}</Loaded>
      </Section>
      <Section title={t("agent.timeline")}>
        <Timeline pcId={pcId} />
      </Section>
    </div>
  );
}

function List({ agent }: { agent: AgentRow }) {
  const { t } = useTranslation("heartbeat");
  const attributes = Object.entries(agent.attributes);
  return (
    <dl className={styles.facts}>
      <dt>{t("column.pc")}</dt>
      <dd className="mono">{visible(agent.pc_id)}</dd>
      <dt>{t("column.hostname")}</dt>
      <dd>{visible(agent.hostname ?? "—")}</dd>
      <dt>{t("column.os")}</dt>
      <dd>{visible(agent.os_family ?? "—")}</dd>
      <dt>{t("column.version")}</dt>
      <dd className="mono">{visible(agent.agent_version ?? "—")}</dd>
      <dt>{t("column.groups")}</dt>
      <dd>
        {agent.groups.length === 0 && "—"}
        {agent.groups.map((group, place) => (
          <span key={group}>
            {place > 0 && ", "}
            <Anchor
              component={PageLink}
              size="sm"
              to={listUrl("/agents", { filters: [{ field: "group", op: "eq", value: group }] })}
            >
              {visible(group)}
            </Anchor>
          </span>
        ))}
      </dd>
      {attributes.map(([name, value]) => (
        <Pair key={name} name={name} value={visible(value)} />
      ))}
      <Pair
        name={t("column.heartbeat")}
        value={agent.last_heartbeat ? absolute(agent.last_heartbeat) : "—"}
      />
      <Pair name={t("column.received")} value={agent.received_at ? absolute(agent.received_at) : "—"} />
      <Pair name={t("column.cpu")} value={percent(agent.agent_cpu_pct)} />
      <Pair name={t("column.rss")} value={bytes(agent.agent_rss_bytes)} />
      <Pair name={t("column.read")} value={bytes(agent.agent_disk_read_bytes)} />
      <Pair name={t("column.written")} value={bytes(agent.agent_disk_written_bytes)} />
    </dl>
  );
}

function Pair({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
