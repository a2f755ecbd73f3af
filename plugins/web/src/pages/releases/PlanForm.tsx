/** Making a staged rollout: a version, and groups in the order in which they get it. */
import { ActionIcon, Button, Group, Modal, MultiSelect, Select, Stack, Switch } from "@mantine/core";
import { IconArrowUp } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { visible } from "../../design/text";
import { useHasPage } from "../../lib/plugins";
import { type SavedView, useSaveView } from "../../list/views";
import { PAGE } from "./plans";
import { type Plan, writePlan } from "./planText";
import { JITTER, JitterInput } from "./RollOutDialog";
import type { Release } from "./releases";
import styles from "./releases.module.css";
import { useGroupNames } from "./ScopeForm";

interface PlanFormProps {
  opened: boolean;
  onClose: () => void;
  releases: readonly Release[];
  kept: readonly SavedView[];
}

export function PlanForm(props: PlanFormProps) {
  const { t } = useTranslation("releases");
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={t("plan.new")}
      closeButtonProps={{ "aria-label": t("shell:close") }}
    >
      {props.opened && <Form {...props} />}
    </Modal>
  );
}

function Form({ onClose, releases, kept }: PlanFormProps) {
  const { t } = useTranslation("releases");
  const names = useGroupNames();
  const listed = useHasPage()("fleet.groups");
  const [version, setVersion] = useState(releases[0]?.version ?? "");
  const [groups, setGroups] = useState<string[]>([]);
  const [everybody, setEverybody] = useState(true);
  const [jitter, setJitter] = useState(JITTER);
  const save = useSaveView(PAGE, () => t("plan.made"), onClose);
  const plan: Plan = {
    version,
    jitter,
    waves: [
      ...groups.map((value) => ({ type: "group" as const, value })),
      ...(everybody ? [{ type: "global" as const }] : []),
    ],
  };
  const before = kept.find((view) => view.mine && view.name === version);
  const go = () => save.mutate({ name: version, state: writePlan(plan), shared: true, before });
  return (
    <Stack gap="sm">
      <Select
        label={t("column.version")}
        data={releases.map((one) => one.version)}
        value={version}
        onChange={(chosen) => setVersion(chosen ?? "")}
        searchable
        limit={200}
        allowDeselect={false}
      />
      <MultiSelect
        label={t("plan.groups")}
        description={t(listed ? "plan.groupsHelp" : "uncounted.groups")}
        data={names}
        value={groups}
        onChange={setGroups}
        searchable
        limit={200}
        nothingFoundMessage={t("roll.noGroup")}
      />
      <Order groups={groups} onChange={setGroups} />
      <Switch
        label={t("plan.everybody")}
        checked={everybody}
        onChange={(event) => setEverybody(event.currentTarget.checked)}
      />
      <JitterInput value={jitter} onChange={setJitter} />
      {before && <div className="soft">{t("plan.replaces", { version: visible(version) })}</div>}
      <Group justify="flex-end" gap="xs">
        <Button onClick={onClose}>{t("shell:cancel")}</Button>
        <Button
          variant="filled"
          disabled={!version || plan.waves.length === 0}
          loading={save.isPending}
          onClick={go}
        >
          {t("plan.make")}
        </Button>
      </Group>
    </Stack>
  );
}

/** The order, changed with one button each: that works with a keyboard too. */
function Order({ groups, onChange }: { groups: readonly string[]; onChange: (groups: string[]) => void }) {
  const { t } = useTranslation("releases");
  if (groups.length < 2) return null;
  const earlier = (place: number) => {
    const moved = [...groups];
    moved.splice(place - 1, 0, ...moved.splice(place, 1));
    onChange(moved);
  };
  return (
    <ol className={styles.waves} aria-label={t("plan.order")}>
      {groups.map((name, place) => (
        <li key={name} className={styles.chosen}>
          <span>
            <span className={styles.number}>{place + 1}</span> {visible(name)}
          </span>
          <ActionIcon
            size={24}
            disabled={place === 0}
            aria-label={t("plan.earlier", { name: visible(name) })}
            onClick={() => earlier(place)}
          >
            <IconArrowUp size={14} />
          </ActionIcon>
        </li>
      ))}
    </ol>
  );
}
