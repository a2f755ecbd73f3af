/** Who the agents are is known to one plugin: what asks it looks first whether it runs. */
import { useTranslation } from "react-i18next";
import { useHasPage } from "../lib/plugins";

/** Whether anybody keeps the list of agents: the routes that say who they are, are there. */
export function useAgentsKept(): boolean {
  return useHasPage()("heartbeat.agents");
}

/** In place of what only that list can tell. */
export function AgentsNotKept() {
  const { t } = useTranslation("pick");
  return <div className="soft">{t("notKept")}</div>;
}
