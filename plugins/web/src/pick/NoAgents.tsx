/** Nobody has reported yet: what to do about it, on every page that needs PCs. */
import { Button, Code } from "@mantine/core";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "react-router";
import { Empty } from "../design/States";
import { useApi } from "../lib/data";
import type { Empty as EmptyWords } from "../list/types";
import { useAgentsKept } from "./AgentsKept";

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
