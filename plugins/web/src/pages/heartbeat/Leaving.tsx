/** A PC that goes, gets another id, or turns out to be one that is known already. */
import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { visible } from "../../design/text";
import { api, path } from "../../lib/api";
import { useAction } from "../../lib/data";

export type Way = "retire" | "rename" | "merge";

interface Move {
  successor: string | null;
  failed: Record<string, string>;
}

interface LeavingProps {
  pcId: string;
  way: Way | null;
  onClose: () => void;
}

export function LeavingDialog({ pcId, way, onClose }: LeavingProps) {
  const { t } = useTranslation("heartbeat");
  return (
    <Modal
      opened={way !== null}
      onClose={onClose}
      title={way && t(`leaving.${way}Title`, { pc: visible(pcId) })}
    >
      {way && <Form pcId={pcId} way={way} onClose={onClose} />}
    </Modal>
  );
}

function Form({ pcId, way, onClose }: { pcId: string; way: Way; onClose: () => void }) {
  const { t } = useTranslation("heartbeat");
  const navigate = useNavigate();
  const [other, setOther] = useState("");
  const [reason, setReason] = useState("");
  const name = other.trim();
  const go = useAction<void, Move>({
    run: () => {
      const key = way === "rename" ? "to" : "into";
      const json = { reason: reason.trim() || null, ...(way !== "retire" && { [key]: name }) };
      return api.post<Move>(path`/api/fleet/pcs/${pcId}/${way}`, { json });
    },
    done: (move) => {
      const failed = Object.keys(move.failed);
      return failed.length > 0
        ? t("leaving.partly", { plugins: failed.join(", ") })
        : t(`leaving.${way}Done`, { pc: pcId });
    },
    touches: ["agents", "kv:agent_groups"],
    after: () => {
      onClose();
      void navigate(way === "retire" ? "/agents" : path`/agents/${name}`);
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        go.mutate();
      }}
    >
      <Stack>
        <Text size="sm">{t(`leaving.${way}Text`)}</Text>
        {way !== "retire" && (
          <TextInput
            label={t(`leaving.${way}Field`)}
            value={other}
            onChange={(event) => setOther(event.currentTarget.value)}
            spellCheck={false}
            data-autofocus
          />
        )}
        <TextInput
          label={t("leaving.reason")}
          maxLength={1_000}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Group justify="flex-end" gap="xs">
          <Button onClick={onClose} data-autofocus={way === "retire" || undefined}>
            {t("cancel")}
          </Button>
          <Button
            type="submit"
            variant="filled"
            color={way === "retire" ? "red.8" : undefined}
            disabled={way !== "retire" && name === ""}
            loading={go.isPending}
          >
            {t(`leaving.${way}`)}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
