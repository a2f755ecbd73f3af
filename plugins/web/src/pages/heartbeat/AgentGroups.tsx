/** The groups of one PC. */
import { Button, Group, Modal, Stack } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Failure, SkeletonRows } from "../../design/States";
import { TagsField } from "../../design/TagsField";
import { api, path } from "../../lib/api";
import { useAction, useApi } from "../../lib/data";
import type { GroupRow } from "../../pick/TargetPicker";

interface Props {
  pcId: string;
  opened: boolean;
  onClose: () => void;
}

export function GroupsDialog({ pcId, opened, onClose }: Props) {
  const { t } = useTranslation("heartbeat");
  return (
    <Modal opened={opened} onClose={onClose} title={t("agent.groupsOf", { pc: pcId })}>
      {opened && <Form pcId={pcId} onClose={onClose} />}
    </Modal>
  );
}

function Form({ pcId, onClose }: { pcId: string; onClose: () => void }) {
  const { t } = useTranslation("heartbeat");
  const own = useApi<{ groups: string[] }>(path`/api/agents/${pcId}/groups`);
  const all = useApi<{ groups: GroupRow[] }>("/api/groups");
  const [chosen, setChosen] = useState<string[] | null>(null);
  const save = useAction<string[]>({
    run: (groups) => api.put(path`/api/agents/${pcId}/groups`, { json: { groups } }),
    done: t("agent.groupsSaved"),
    touches: ["kv:agent_groups", "agents"],
    after: onClose,
  });
  if (own.error) return <Failure inline error={own.error} retry={() => void own.refetch()} />;
  if (!own.data) return <SkeletonRows rows={2} />;
  const groups = chosen ?? own.data.groups;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(groups);
      }}
    >
      <Stack>
        <TagsField
          label={t("column.groups")}
          description={t("action.groupsHelp")}
          data={all.data?.groups.map((one) => one.name) ?? []}
          value={groups}
          onChange={setChosen}
          data-autofocus
        />
        <Group justify="flex-end" gap="xs">
          <Button onClick={onClose}>{t("cancel")}</Button>
          <Button type="submit" variant="filled" loading={save.isPending} disabled={chosen === null}>
            {t("save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
