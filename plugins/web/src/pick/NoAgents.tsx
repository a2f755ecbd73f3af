/** Nobody has reported yet: what to do about it, on every page that needs PCs. */
import { Button, Code } from "@mantine/core";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "react-router";
import { Empty } from "../design/States";
import { useApi } from "../lib/data";
import { useHasPage } from "../lib/plugins";
import type { Empty as EmptyWords } from "../list/types";

/** Whether anybody keeps the list of agents: the routes that say who they are, are there. */
export function useAgentsKept(): boolean {
  return useHasPage()("heartbeat.agents");
}

/** In place of what only that list can tell. */
export function AgentsNotKept() {
  const { t } = useTranslation("pick");
  return <div className="soft">{t("notKept")}</div>;
}

/** Whether no agent was ever heard; false as long as that is not known, and where agents are nobody's business. */
export function useNoAgents(): boolean {
  const there = useAgentsKept();
  const known = useRef(false);
  const { data } = useApi<{ total: number }>("/api/fleet/agents", {
    query: { limit: 1 },
    // Only the first one is waited for: a fleet says "agents" many times a second.
    topics: known.current ? [] : ["agents"],
    enabled: there,
  });
  known.current ||= (data?.total ?? 0) > 0;
  return there && data?.total === 0;
}

export function useNoAgentsWords(): EmptyWords {
  const { t } = useTranslation("heartbeat");
  const { pathname } = useLocation();
  return {
    title: t("agents.emptyTitle"),
    text: t("agents.emptyText"),
    action: (
      <>
        <Code>{t("agents.emptyCommand")}</Code>
        {pathname !== "/agents" && (
          <Button component={Link} to="/agents">
            {t("agents.title")}
          </Button>
        )}
      </>
    ),
  };
}

export function NoAgents() {
  const { title, text, action } = useNoAgentsWords();
  return (
    <Empty title={title} actions={action}>
      {text}
    </Empty>
  );
}
