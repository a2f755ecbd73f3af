/** What operators note about a PC: site, owner, asset number. */
import { ActionIcon, Button, Group, Modal, Stack, Table } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Failure, SkeletonRows } from "../../design/States";
import { visible } from "../../design/text";
import { api, path } from "../../lib/api";
import { useAction, useApi } from "../../lib/data";
import { AttributeFields, isWhole, NO_ATTRIBUTE } from "./AttributeFields";

export interface Noted {
  name: string;
  type: string;
  value: string;
  updated_at: string;
}

interface Props {
  pcId: string;
  opened: boolean;
  onClose: () => void;
}

export function useNoted(pcId: string) {
  return useApi<Noted[]>(path`/api/fleet/pcs/${pcId}/attributes`, { topics: ["agents"] });
}

export function AttributesDialog({ pcId, opened, onClose }: Props) {
  const { t } = useTranslation("heartbeat");
  return (
    <Modal opened={opened} onClose={onClose} size="lg" title={t("agent.attributesOf", { pc: pcId })}>
      {opened && <Editor pcId={pcId} />}
    </Modal>
  );
}

function Editor({ pcId }: { pcId: string }) {
  const { t } = useTranslation("heartbeat");
  const noted = useNoted(pcId);
  const [draft, setDraft] = useState(NO_ATTRIBUTE);
  const touches = ["agents"];
  const set = useAction<void>({
    run: () => {
      const { name, value, type } = draft;
      return api.put(path`/api/fleet/pcs/${pcId}/attributes/${name.trim()}`, { json: { value, type } });
    },
    touches,
    after: () => setDraft({ ...NO_ATTRIBUTE, type: draft.type }),
  });
  const remove = useAction<string>({
    run: (one) => api.delete(path`/api/fleet/pcs/${pcId}/attributes/${one}`),
    touches,
  });
  if (noted.error) return <Failure inline error={noted.error} retry={() => void noted.refetch()} />;
  if (!noted.data) return <SkeletonRows rows={3} />;
  return (
    <Stack>
      {noted.data.length > 0 && (
        <Table aria-label={t("agent.attributes")}>
          <Table.Tbody>
            {noted.data.map((one) => (
              <Table.Tr key={one.name}>
                <Table.Th scope="row">{one.name}</Table.Th>
                <Table.Td style={{ overflowWrap: "anywhere" }}>{visible(one.value)}</Table.Td>
                <Table.Td w={40}>
                  <ActionIcon
                    aria-label={t("agent.deleteAttribute", { name: one.name })}
                    onClick={() => remove.mutate(one.name)}
                  >
                    <IconTrash size={15} />
                  </ActionIcon>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          set.mutate();
        }}
      >
        <Group align="flex-end" gap="xs">
          <AttributeFields draft={draft} onChange={setDraft} />
          <Button type="submit" variant="filled" disabled={!isWhole(draft)} loading={set.isPending}>
            {t("agent.setAttribute")}
          </Button>
        </Group>
      </form>
    </Stack>
  );
}
