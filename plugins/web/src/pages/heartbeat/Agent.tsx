/** One agent: what is known of it, as panels of the plugins that know. */
import { Tabs } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { Age } from "../../design/Age";
import { CopyButton } from "../../design/Id";
import { PageHead } from "../../design/PageHead";
import { Empty, Failure, SkeletonRows } from "../../design/States";
import { Status } from "../../design/Status";
import { visible } from "../../design/text";
import { ApiError, path } from "../../lib/api";
import { useApi } from "../../lib/data";
import { atLeast, usePrincipal } from "../../lib/me";
import { useContributions, useTitle } from "../../lib/plugins";
import { text, useUrlState } from "../../lib/urlState";
import { Contribution } from "../../shell/Contribution";
import { AgentActions } from "./AgentActions";
import styles from "./agent.module.css";
import type { AgentRow } from "./agents";

const shape = { panel: text() };
/** What another panel says of itself in the address would make no sense in this one; the range of time does. */
const others = { panel: text(), view: text(), q: text(), f: text(), sort: text(), cols: text() };
const NONE = { view: "", q: "", f: "", sort: "", cols: "" };

export function useAgent(pcId: string) {
  return useApi<AgentRow>(path`/api/fleet/pcs/${pcId}`, {
    topics: ["agents", "kv:agent_groups"],
    enabled: pcId !== "",
  });
}

export default function Agent() {
  const { t } = useTranslation("heartbeat");
  const pcId = useParams().pcId ?? "";
  const agent = useAgent(pcId);
  const missing = agent.error instanceof ApiError && agent.error.status === 404;
  return (
    <>
      <PageHead
        tab={pcId}
        title={
          <span className={styles.title}>
            <span className="mono">{visible(pcId)}</span>
            <CopyButton value={pcId} />
          </span>
        }
        about={agent.data && <Standing agent={agent.data} />}
        actions={<AgentActions pcId={pcId} agent={agent.data} />}
      />
      {agent.error && !missing && !agent.data && (
        <Failure inline error={agent.error} retry={() => void agent.refetch()} />
      )}
      {missing && <Empty title={t("agent.unknown")}>{t("agent.unknownText")}</Empty>}
      <Panels key={pcId} pcId={pcId} />
    </>
  );
}

function Standing({ agent }: { agent: AgentRow }) {
  const { t } = useTranslation("heartbeat");
  return (
    <span className={styles.standing}>
      <Status tone={agent.online ? "ok" : "off"}>{t(agent.online ? "state.online" : "state.offline")}</Status>
      {agent.hostname && agent.hostname !== agent.pc_id && <span>{visible(agent.hostname)}</span>}
      <span>
        {t("agent.heard")} <Age at={agent.received_at ?? agent.last_heartbeat} never={t("never")} />
      </span>
      {agent.warnings.map((one) => (
        <Status key={one.code} tone="warn">
          {one.text}
        </Status>
      ))}
    </span>
  );
}

/** On a phone there are more tabs than there is room. */
function inSight(tab: HTMLButtonElement | null): void {
  tab?.scrollIntoView({ block: "nearest", inline: "center" });
}

function Panels({ pcId }: { pcId: string }) {
  const { t } = useTranslation("heartbeat");
  const { rows } = useContributions();
  const panels = useMemo(
    () => rows.filter((one) => one.kind === "panel").sort((a, b) => a.order - b.order),
    [rows],
  );
  const titleOf = useTitle();
  const { data: me } = usePrincipal();
  const [{ panel }] = useUrlState(shape);
  const [, set] = useUrlState(others);
  const first = panels[0];
  if (!first) return <SkeletonRows />;
  const chosen = panels.find((one) => one.id === panel) ?? first;
  return (
    <Tabs
      value={chosen.id}
      onChange={(id) => set({ ...NONE, panel: id === first.id || id === null ? "" : id }, { push: true })}
      keepMounted={false}
    >
      <Tabs.List aria-label={t("agent.panels")} className={styles.tabs}>
        {panels.map((one) => (
          <Tabs.Tab
            key={one.id}
            value={one.id}
            ref={one.id === chosen.id ? inSight : undefined}
            disabled={me !== undefined && !atLeast(me.role, one.role)}
          >
            {titleOf(one)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={chosen.id} className={styles.panel}>
        <Contribution key={chosen.id} row={chosen} pcId={pcId} />
      </Tabs.Panel>
    </Tabs>
  );
}
