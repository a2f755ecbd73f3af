/** Puts many agents into groups, or takes them out; what failed stays on the screen. */
import { Button, Group, Stack } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { count } from "../../design/numbers";
import { TagsField } from "../../design/TagsField";
import { toast } from "../../design/toast";
import { api, path } from "../../lib/api";
import { useApi } from "../../lib/data";
import { useEach } from "../../lib/each";
import type { GroupRow } from "../../pick/TargetPicker";
import { EachProgress } from "./EachProgress";
import type { ManyProps } from "./many";

export function GroupsOfMany({ kind, ids, onDone, onClose }: ManyProps & { kind: "add" | "remove" }) {
  const { t, i18n } = useTranslation("heartbeat");
  const known = useApi<{ groups: GroupRow[] }>("/api/groups", { topics: ["kv:agent_groups"] });
  const [groups, setGroups] = useState<string[]>([]);
  const { progress, run, cancel } = useEach();
  const go = async () => {
    const failed = await run(ids, async (id, signal) => {
      for (const group of groups) {
        if (kind === "add") await api.post(path`/api/agents/${id}/groups`, { json: { group }, signal });
        else await api.delete(path`/api/agents/${id}/groups/${group}`, { signal });
      }
    });
    if (failed.length > 0) return;
    toast.done(t("action.groupsDone", { count: ids.length, shown: count(ids.length, i18n.language) }));
    onDone();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        go().catch((error: unknown) => toast.failed(error));
      }}
    >
      <Stack>
        <TagsField
          label={t("column.groups")}
          description={kind === "add" ? t("action.groupsHelp") : undefined}
          data={known.data?.groups.map((one) => one.name) ?? []}
          value={groups}
          onChange={setGroups}
          size="xs"
          data-autofocus
          disabled={progress?.running}
        />
        <EachProgress of={progress} />
        <Group justify="flex-end" gap="xs">
          <Button onClick={progress?.running ? cancel : onClose}>{t("cancel")}</Button>
          <Button type="submit" variant="filled" disabled={groups.length === 0} loading={progress?.running}>
            {t("action.doFor", { count: ids.length, shown: count(ids.length, i18n.language) })}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
