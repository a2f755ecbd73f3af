/** What can be done with several agents at once. */
import { Button, Group, Modal, Progress, Stack, TagsInput, Text } from "@mantine/core";
import { IconClipboard, IconFolderMinus, IconFolderPlus, IconPlayerPlay } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { count } from "../../design/numbers";
import { copy, visible } from "../../design/text";
import { toast } from "../../design/toast";
import { api, path } from "../../lib/api";
import { useApi } from "../../lib/data";
import { useEach } from "../../lib/each";
import { useHasPage } from "../../lib/plugins";
import type { BulkAction, Selected } from "../../list/types";
import type { GroupRow } from "../../pick/TargetPicker";
import { targetUrl } from "../../pick/target";
import type { AgentRow } from "./agents";

type Doing = { kind: "add" | "remove"; selected: Selected<AgentRow> };

export function useAgentActions() {
  const { t } = useTranslation("heartbeat");
  const navigate = useNavigate();
  const there = useHasPage();
  const [doing, setDoing] = useState<Doing | null>(null);
  const actions = useMemo<BulkAction<AgentRow>[]>(() => {
    const made: BulkAction<AgentRow>[] = [
      {
        id: "add",
        title: t("action.addToGroup"),
        icon: IconFolderPlus,
        role: "operator",
        run: (selected) => setDoing({ kind: "add", selected }),
      },
      {
        id: "remove",
        title: t("action.removeFromGroup"),
        icon: IconFolderMinus,
        role: "operator",
        run: (selected) => setDoing({ kind: "remove", selected }),
      },
      {
        id: "copy",
        title: t("action.copy"),
        icon: IconClipboard,
        run: (selected) => void copyNames(selected, t("action.copied")),
      },
    ];
    if (there("jobs.run")) {
      made.unshift({
        id: "run",
        title: t("action.run"),
        icon: IconPlayerPlay,
        role: "operator",
        run: async (selected) => {
          try {
            void navigate(targetUrl("/run", { kind: "names", names: await selected.ids() }));
          } catch (error) {
            toast.failed(error);
          }
        },
      });
    }
    return made;
  }, [t, there, navigate]);
  const dialogs = (
    <Modal
      opened={doing !== null}
      onClose={() => setDoing(null)}
      title={doing && t(`action.${doing.kind}Title`)}
    >
      {doing && <GroupsOfMany doing={doing} onClose={() => setDoing(null)} />}
    </Modal>
  );
  return { actions, dialogs };
}

async function copyNames(selected: Selected<AgentRow>, said: string): Promise<void> {
  try {
    if (await copy((await selected.ids()).join("\n"))) toast.done(said);
  } catch (error) {
    toast.failed(error);
  }
}

/** Puts many agents into groups, or takes them out; what failed stays on the screen. */
function GroupsOfMany({ doing, onClose }: { doing: Doing; onClose: () => void }) {
  const { t, i18n } = useTranslation("heartbeat");
  const known = useApi<{ groups: GroupRow[] }>("/api/groups", { topics: ["kv:agent_groups"] });
  const [groups, setGroups] = useState<string[]>([]);
  const { progress, run, cancel } = useEach();
  const go = async () => {
    const ids = await doing.selected.ids();
    const failed = await run(ids, async (id, signal) => {
      for (const group of groups) {
        if (doing.kind === "add") await api.post(path`/api/agents/${id}/groups`, { json: { group }, signal });
        else await api.delete(path`/api/agents/${id}/groups/${group}`, { signal });
      }
    });
    if (failed.length > 0) return;
    toast.done(t("action.groupsDone", { count: ids.length, shown: count(ids.length, i18n.language) }));
    doing.selected.clear();
    onClose();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        go().catch((error: unknown) => toast.failed(error));
      }}
    >
      <Stack>
        <TagsInput
          label={t("column.groups")}
          description={doing.kind === "add" ? t("action.groupsHelp") : undefined}
          data={known.data?.groups.map((one) => one.name) ?? []}
          value={groups}
          onChange={setGroups}
          size="xs"
          data-autofocus
          disabled={progress?.running}
        />
        {progress && (
          <div aria-live="polite">
            <Progress
              value={(100 * progress.done) / Math.max(1, progress.total)}
              aria-label={t("action.progress")}
            />
            <Text size="sm">
              {count(progress.done, i18n.language)} / {count(progress.total, i18n.language)}
            </Text>
          </div>
        )}
        {progress && progress.failed.length > 0 && !progress.running && (
          <Text size="sm" role="alert" component="div">
            {t("action.failed", { count: progress.failed.length })}
            <ul>
              {progress.failed.slice(0, 20).map((one) => (
                <li key={one.id}>
                  <span className="mono">{visible(one.id)}</span>: {one.reason}
                </li>
              ))}
            </ul>
          </Text>
        )}
        <Group justify="flex-end" gap="xs">
          <Button onClick={progress?.running ? cancel : onClose}>{t("cancel")}</Button>
          <Button type="submit" variant="filled" disabled={groups.length === 0} loading={progress?.running}>
            {t("action.doFor", {
              count: doing.selected.count,
              shown: count(doing.selected.count, i18n.language),
            })}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
