/** A new group: PCs that one names, or a filter that decides. */
import {
  Button,
  Modal,
  Progress,
  Group as Row,
  SegmentedControl,
  Stack,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "../../design/toast";
import { api, path } from "../../lib/api";
import { useAction } from "../../lib/data";
import { useEach } from "../../lib/each";
import { TargetPicker } from "../../pick/TargetPicker";
import { NOBODY, type Resolved, type Target } from "../../pick/target";

interface NewGroupProps {
  opened: boolean;
  onClose: () => void;
  onMade: (name: string) => void;
}

export function NewGroup({ opened, onClose, onMade }: NewGroupProps) {
  const { t } = useTranslation("fleet");
  return (
    <Modal opened={opened} onClose={onClose} size="xl" title={t("group.new")}>
      {opened && <Form onClose={onClose} onMade={onMade} />}
    </Modal>
  );
}

function Form({ onClose, onMade }: Omit<NewGroupProps, "opened">) {
  const { t } = useTranslation("fleet");
  const [kind, setKind] = useState<"static" | "dynamic">("static");
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [target, setTarget] = useState<Target>(NOBODY);
  const [resolved, setResolved] = useState<Resolved | null>(null);
  const { progress, run, cancel } = useEach();
  const trimmed = name.trim();
  const dynamic = useAction<void>({
    run: () =>
      api.put(path`/api/fleet/groups/${trimmed}`, {
        json: {
          filter: target.kind === "filter" ? target.filter : {},
          description: description.trim() || null,
        },
      }),
    done: t("group.made", { name: trimmed }),
    touches: ["groups", "kv:agent_groups"],
    after: () => onMade(trimmed),
  });
  const fill = async () => {
    const failed = await run(resolved?.matched ?? [], (pc, signal) =>
      api.post(path`/api/agents/${pc}/groups`, { json: { group: trimmed }, signal }),
    );
    if (failed.length > 0) toast.failed(new Error(`${failed[0]?.id}: ${failed[0]?.reason}`));
    else {
      toast.done(t("group.made", { name: trimmed }));
      onMade(trimmed);
    }
  };
  const ready =
    trimmed !== "" && (kind === "dynamic" ? target.kind === "filter" : (resolved?.total ?? 0) > 0);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready) return;
        if (kind === "dynamic") dynamic.mutate();
        else void fill();
      }}
    >
      <Stack>
        <TextInput
          label={t("group.name")}
          value={name}
          maxLength={200}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        <SegmentedControl
          size="xs"
          aria-label={t("group.kind")}
          value={kind}
          onChange={(next) => {
            setKind(next as "static" | "dynamic");
            setTarget(NOBODY);
          }}
          data={[
            { value: "static", label: t("group.byHand") },
            { value: "dynamic", label: t("group.byFilter") },
          ]}
        />
        {kind === "dynamic" && (
          <Textarea
            label={t("group.description")}
            value={description}
            autosize
            maxLength={1_000}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
        )}
        <TargetPicker
          key={kind}
          value={target}
          onChange={setTarget}
          onResolved={setResolved}
          without={kind === "dynamic" ? ["names", "groups", "all"] : ["all"]}
          label={kind === "dynamic" ? t("group.whoPasses") : t("group.who")}
        />
        {progress && (
          <Progress
            value={(100 * progress.done) / Math.max(1, progress.total)}
            aria-label={t("group.progress")}
          />
        )}
        <Row justify="flex-end" gap="xs">
          <Button onClick={progress?.running ? cancel : onClose}>{t("cancel")}</Button>
          <Button
            type="submit"
            variant="filled"
            disabled={!ready}
            loading={dynamic.isPending || progress?.running}
          >
            {t("group.make")}
          </Button>
        </Row>
      </Stack>
    </form>
  );
}
