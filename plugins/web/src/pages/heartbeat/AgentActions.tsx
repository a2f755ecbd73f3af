/** What can be done with one agent. */
import { Button, Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown, IconHeartbeat, IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ActionButton, useRefusal } from "../../design/ActionButton";
import { api, path } from "../../lib/api";
import { useAction } from "../../lib/data";
import { useHasPage } from "../../lib/plugins";
import { listUrl } from "../../list/state";
import { targetUrl } from "../../pick/target";
import { GroupsDialog } from "./AgentGroups";
import { AttributesDialog } from "./Attributes";
import type { AgentRow } from "./agents";
import { LeavingDialog, type Way } from "./Leaving";

const WAYS: readonly Way[] = ["rename", "merge", "retire"];

interface Props {
  pcId: string;
  agent: AgentRow | undefined;
}

export function AgentActions({ pcId, agent }: Props) {
  const { t } = useTranslation("heartbeat");
  const there = useHasPage();
  const refused = useRefusal("operator");
  const [groups, groupsDialog] = useDisclosure(false);
  const [attributes, attributesDialog] = useDisclosure(false);
  const [way, setWay] = useState<Way | null>(null);
  const ping = useAction<void, { heartbeat: { at: string; agent_version: string } }>({
    run: () => api.post(path`/api/agents/${pcId}/ping`),
    done: (answer) => t("agent.pinged", { version: answer.heartbeat.agent_version }),
    touches: ["agents"],
  });
  return (
    <>
      <ActionButton
        needs="operator"
        leftSection={<IconHeartbeat size={14} />}
        loading={ping.isPending}
        onClick={() => ping.mutate()}
      >
        {t("agent.ping")}
      </ActionButton>
      {there("jobs.run") && (
        <Button
          component={Link}
          to={targetUrl("/run", { kind: "names", names: [pcId] })}
          leftSection={<IconPlayerPlay size={14} />}
        >
          {t("action.run")}
        </Button>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button rightSection={<IconChevronDown size={14} />}>{t("agent.more")}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          {refused && <Menu.Label>{refused}</Menu.Label>}
          <Menu.Item disabled={refused !== undefined} onClick={groupsDialog.open}>
            {t("agent.groups")}
          </Menu.Item>
          <Menu.Item disabled={refused !== undefined || !agent} onClick={attributesDialog.open}>
            {t("agent.attributes")}
          </Menu.Item>
          {there("inventory.compare") && (
            <Menu.Item component={Link} to={`/inventory/compare?a=${encodeURIComponent(pcId)}`}>
              {t("agent.compare")}
            </Menu.Item>
          )}
          {there("audit.trail") && (
            <Menu.Item
              component={Link}
              to={listUrl("/audit", { filters: [{ field: "target", op: "contains", value: pcId }] })}
            >
              {t("agent.audit")}
            </Menu.Item>
          )}
          <Menu.Divider />
          {WAYS.map((one) => (
            <Menu.Item
              key={one}
              disabled={refused !== undefined || !agent}
              color={one === "retire" ? "red" : undefined}
              onClick={() => setWay(one)}
            >
              {t(`leaving.${one}`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <GroupsDialog pcId={pcId} opened={groups} onClose={groupsDialog.close} />
      <LeavingDialog pcId={pcId} way={way} onClose={() => setWay(null)} />
      <AttributesDialog pcId={pcId} opened={attributes} onClose={attributesDialog.close} />
    </>
  );
}
