/** Forgets what is remembered of PCs: that they were taken out, or that two used their id. */
import { Modal, Stack, Text } from "@mantine/core";
import { IconEraser } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Question } from "../../design/Confirm";
import { count } from "../../design/numbers";
import { toast } from "../../design/toast";
import { api, path } from "../../lib/api";
import { refresh } from "../../lib/data";
import { useEach } from "../../lib/each";
import type { BulkAction, Selected } from "../../list/types";
import { EachProgress } from "./EachProgress";

type Kind = "retired" | "doubles";

interface Row {
  pc_id: string;
}

export function useForget<R extends Row>(kind: Kind) {
  const { t } = useTranslation("heartbeat");
  const [selected, setSelected] = useState<Selected<R> | null>(null);
  const actions = useMemo<BulkAction<R>[]>(
    () => [
      { id: "forget", title: t("lifecycle.forget"), icon: IconEraser, role: "operator", run: setSelected },
    ],
    [t],
  );
  const close = () => setSelected(null);
  const dialog = (
    <Modal opened={selected !== null} onClose={close} title={t("lifecycle.forgetTitle")}>
      {selected && <Form kind={kind} selected={selected} onClose={close} />}
    </Modal>
  );
  return { actions, dialog };
}

function Form<R extends Row>({
  kind,
  selected,
  onClose,
}: {
  kind: Kind;
  selected: Selected<R>;
  onClose: () => void;
}) {
  const { t, i18n } = useTranslation("heartbeat");
  const { progress, run, cancel } = useEach();
  const go = async () => {
    const ids = await selected.ids();
    const failed = await run(ids, (id, signal) =>
      api.delete(kind === "retired" ? path`/api/fleet/retired/${id}` : path`/api/fleet/doubles/${id}`, {
        signal,
      }),
    );
    refresh(["agents", "moves"]);
    if (failed.length > 0) return;
    toast.done(t("lifecycle.forgotten", { count: ids.length, shown: count(ids.length, i18n.language) }));
    selected.clear();
    onClose();
  };
  return (
    <Question
      onClose={progress?.running ? cancel : onClose}
      onConfirm={() => void go().catch(toast.failed)}
      action={t("lifecycle.forgetMany", {
        count: selected.count,
        shown: count(selected.count, i18n.language),
      })}
      count={selected.count}
      busy={progress?.running}
    >
      <Stack gap="sm">
        <Text size="sm">{t(`lifecycle.forgetText.${kind}`)}</Text>
        <EachProgress of={progress} />
      </Stack>
    </Question>
  );
}
