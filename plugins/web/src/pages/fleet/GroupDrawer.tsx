/** One group: who is in it, who should be, and what can be done with all of them. */

import { Anchor, Checkbox, Drawer, Progress, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { Confirm } from "../../design/Confirm";
import { count } from "../../design/numbers";
import { PageLink } from "../../design/PageLink";
import { Loaded } from "../../design/States";
import { visible } from "../../design/text";
import { toast } from "../../design/toast";
import { api, path } from "../../lib/api";
import { useAction, useApi } from "../../lib/data";
import { useEach } from "../../lib/each";
import { useHasPage } from "../../lib/plugins";
import { listUrl } from "../../list/state";
import { FilterForm } from "../../pick/FilterForm";
import { Preview } from "../../pick/Preview";
import { TargetPicker, useResolved } from "../../pick/TargetPicker";
import { NOBODY, type Resolved, type Target, targetUrl } from "../../pick/target";
import styles from "./fleet.module.css";
import { type Group, TOPICS } from "./groups";

export function GroupDrawer({ name, onClose }: { name: string; onClose: () => void }) {
  const { t } = useTranslation("fleet");
  return (
    <Drawer
      opened={name !== ""}
      onClose={onClose}
      position="right"
      size="xl"
      title={visible(name)}
      closeButtonProps={{ "aria-label": t("close") }}
    >
      {name !== "" && <Body key={name} name={name} onClose={onClose} />}
    </Drawer>
  );
}

function Body({ name, onClose }: { name: string; onClose: () => void }) {
  const answer = useApi<Group>(path`/api/fleet/groups/${name}`, { topics: TOPICS });
  return (
    <Loaded of={answer}>
      {(group) =>
        group.kind === "dynamic" ? (
          <Dynamic group={group} onClose={onClose} />
        ) : (
          <Static group={group} onClose={onClose} />
        )
      }
    </Loaded>
  );
}

function Head({ group }: { group: Group }) {
  const { t, i18n } = useTranslation("fleet");
  const there = useHasPage();
  return (
    <div className={styles.choose}>
      <Anchor
        component={PageLink}
        to={listUrl("/agents", { filters: [{ field: "group", op: "eq", value: group.name }] })}
      >
        {t("group.membersOf", { count: group.members, shown: count(group.members, i18n.language) })}
      </Anchor>
      <Anchor component={PageLink} to={`/config?scope=group&group=${encodeURIComponent(group.name)}`}>
        {t(group.has_config ? "group.editConfig" : "group.addConfig")}
      </Anchor>
      {there("jobs.run") && (
        <Anchor component={PageLink} to={targetUrl("/run", { kind: "groups", groups: [group.name] })}>
          {t("group.run")}
        </Anchor>
      )}
    </div>
  );
}

/** People say who is in it. */
function Static({ group, onClose }: { group: Group; onClose: () => void }) {
  const { t, i18n } = useTranslation("fleet");
  const [target, setTarget] = useState<Target>(NOBODY);
  const [resolved, setResolved] = useState<Resolved | null>(null);
  const [asking, dialog] = useDisclosure(false);
  const { progress, run } = useEach();
  const members = useResolved({ kind: "groups", groups: [group.name] });
  const each = async (
    pcs: readonly string[],
    act: (pc: string, signal: AbortSignal) => Promise<unknown>,
    said: string,
  ) => {
    const failed = await run(pcs, act);
    if (failed.length > 0) toast.failed(new Error(`${failed[0]?.id}: ${failed[0]?.reason}`));
    else toast.done(said);
  };
  return (
    <Stack>
      <Head group={group} />
      <Preview
        target={{ kind: "groups", groups: [group.name] }}
        resolved={members}
        onNames={() => undefined}
      />
      <TargetPicker
        value={target}
        onChange={setTarget}
        onResolved={setResolved}
        without={["all"]}
        label={t("group.add")}
      />
      {progress?.running && (
        <Progress
          value={(100 * progress.done) / Math.max(1, progress.total)}
          aria-label={t("group.progress")}
        />
      )}
      <div className={styles.choose}>
        <ActionButton
          needs="operator"
          variant="filled"
          blocked={resolved?.total ? undefined : t("group.chooseFirst")}
          loading={progress?.running}
          onClick={() =>
            void each(
              resolved?.matched ?? [],
              (pc, signal) =>
                api.post(path`/api/agents/${pc}/groups`, { json: { group: group.name }, signal }),
              t("group.added"),
            ).then(() => setTarget(NOBODY))
          }
        >
          {t("group.addThese", {
            count: resolved?.total ?? 0,
            shown: count(resolved?.total ?? 0, i18n.language),
          })}
        </ActionButton>
        <ActionButton
          needs="operator"
          danger
          blocked={group.members === 0 ? t("group.nobody") : undefined}
          onClick={dialog.open}
        >
          {t("group.empty")}
        </ActionButton>
      </div>
      <Confirm
        opened={asking}
        onClose={dialog.close}
        count={group.members}
        danger
        title={t("group.emptyTitle2", { name: group.name })}
        action={t("group.empty")}
        onConfirm={() => {
          dialog.close();
          void each(
            members.data?.matched ?? [],
            (pc, signal) => api.delete(path`/api/agents/${pc}/groups/${group.name}`, { signal }),
            t("group.emptied"),
          ).then(onClose);
        }}
      >
        {t("group.emptyText2", { count: group.members, shown: count(group.members, i18n.language) })}
      </Confirm>
    </Stack>
  );
}

/** A filter says who is in it. */
function Dynamic({ group, onClose }: { group: Group; onClose: () => void }) {
  const { t, i18n } = useTranslation("fleet");
  const [target, setTarget] = useState<Target>({ kind: "filter", filter: group.filter ?? {} });
  const resolved = useResolved(target);
  const [asking, dialog] = useDisclosure(false);
  const [keep, setKeep] = useState(true);
  const save = useAction<void>({
    run: () =>
      api.put(path`/api/fleet/groups/${group.name}`, {
        json: { filter: target.kind === "filter" ? target.filter : {}, description: group.description },
      }),
    done: t("group.saved"),
    touches: [...TOPICS],
  });
  const remove = useAction<void>({
    run: () => api.delete(path`/api/fleet/groups/${group.name}`, { query: { keep } }),
    done: t("group.deleted", { name: group.name }),
    touches: [...TOPICS],
    after: onClose,
  });
  const changed =
    target.kind === "filter" && JSON.stringify(target.filter) !== JSON.stringify(group.filter ?? {});
  return (
    <Stack>
      <Head group={group} />
      {group.problem && <div role="alert">{group.problem}</div>}
      {group.description && <div>{visible(group.description)}</div>}
      <FilterForm value={target} onChange={setTarget} />
      <Preview target={target} resolved={resolved} onNames={() => undefined} />
      <div className={styles.choose}>
        <ActionButton
          needs="operator"
          variant="filled"
          loading={save.isPending}
          blocked={!changed ? t("config.unchanged") : undefined}
          onClick={() => save.mutate()}
        >
          {t("config.save")}
        </ActionButton>
        <ActionButton needs="operator" danger onClick={dialog.open}>
          {t("group.delete")}
        </ActionButton>
      </div>
      <Confirm
        opened={asking}
        onClose={dialog.close}
        danger
        busy={remove.isPending}
        title={t("group.deleteTitle", { name: group.name })}
        action={t("group.delete")}
        onConfirm={() => remove.mutate()}
      >
        <Checkbox
          label={t("group.keep", { count: group.members, shown: count(group.members, i18n.language) })}
          checked={keep}
          onChange={(event) => setKeep(event.currentTarget.checked)}
        />
      </Confirm>
    </Stack>
  );
}
