/** Windows of time in which nothing fires. */
import { Alert, Button, Group, Modal, Stack, Switch, TagsInput, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { absolute } from "../../design/Age";
import { Confirm } from "../../design/Confirm";
import { PageHead } from "../../design/PageHead";
import { Segments } from "../../design/Segments";
import { Empty, Loaded } from "../../design/States";
import { Status } from "../../design/Status";
import { type Column, Table } from "../../design/Table";
import { visible } from "../../design/text";
import { api, path } from "../../lib/api";
import { useAction, useApi } from "../../lib/data";
import styles from "./jobs.module.css";

interface Freeze {
  id: string;
  reason: string;
  from: string | null;
  until: string | null;
  cron: string | null;
  duration: string | null;
  time_zone: string | null;
  groups: string[];
  enabled: boolean;
  active: boolean;
  active_until: string | null;
  problem: string | null;
}

const TOPICS = ["freezes"];

export default function Freezes() {
  const { t } = useTranslation("jobs");
  const answer = useApi<Freeze[]>("/api/freezes", { topics: TOPICS });
  const [edited, edit] = useState<Freeze | "new" | null>(null);
  const [gone, remove] = useState<Freeze | null>(null);
  const deleting = useAction({
    run: (id: string) => api.delete(path`/api/freezes/${id}`),
    done: t("freezes.deleted"),
    touches: TOPICS,
    after: () => remove(null),
  });
  return (
    <>
      <PageHead
        title={t("freezes.title")}
        about={t("freezes.about")}
        actions={
          <ActionButton
            needs="operator"
            variant="filled"
            leftSection={<IconPlus size={14} />}
            onClick={() => edit("new")}
          >
            {t("freezes.new")}
          </ActionButton>
        }
      />
      <Loaded of={answer}>{(rows) => <Rows rows={rows} onEdit={edit} onRemove={remove} />}</Loaded>
      <Modal opened={edited !== null} onClose={() => edit(null)} title={t("freezes.edit")} size="lg">
        {edited !== null && <Form freeze={edited === "new" ? null : edited} onDone={() => edit(null)} />}
      </Modal>
      <Confirm
        opened={gone !== null}
        onClose={() => remove(null)}
        onConfirm={() => gone && deleting.mutate(gone.id)}
        busy={deleting.isPending}
        danger
        title={t("freezes.deleteTitle", { id: visible(gone?.id ?? "") })}
        action={t("freezes.delete")}
      >
        {t("freezes.deleteText")}
      </Confirm>
    </>
  );
}

function when(freeze: Freeze): string {
  if (freeze.cron) return `${freeze.cron} · ${freeze.duration ?? ""} ${freeze.time_zone ?? "UTC"}`;
  return `${freeze.from ? absolute(freeze.from) : "…"} – ${freeze.until ? absolute(freeze.until) : "…"}`;
}

interface RowsProps {
  rows: Freeze[];
  onEdit: (freeze: Freeze) => void;
  onRemove: (freeze: Freeze) => void;
}

function Rows({ rows, onEdit, onRemove }: RowsProps) {
  const { t } = useTranslation("jobs");
  const columns: Column<Freeze>[] = [
    {
      key: "id",
      title: t("freezes.name"),
      cell: (row) => (
        <>
          {visible(row.id)}
          <div className="soft">{visible(row.reason)}</div>
        </>
      ),
    },
    {
      key: "when",
      title: t("freezes.when"),
      cell: (row) => <span className={row.cron ? "mono" : undefined}>{visible(when(row))}</span>,
    },
    {
      key: "groups",
      title: t("freezes.groups"),
      cell: (row) => (row.groups.length > 0 ? row.groups.map(visible).join(", ") : t("freezes.everybody")),
    },
    {
      key: "state",
      title: t("column.state"),
      tight: true,
      cell: (row) =>
        row.problem ? (
          <Status tone="bad" title={visible(row.problem)}>
            {t("freezes.problem")}
          </Status>
        ) : row.active ? (
          <Status tone="warn">
            {row.active_until
              ? t("freezes.activeUntil", { at: absolute(row.active_until) })
              : t("freezes.active")}
          </Status>
        ) : (
          <Status tone={row.enabled ? "ok" : "off"}>
            {t(row.enabled ? "freezes.waits" : "freezes.off")}
          </Status>
        ),
    },
    {
      key: "do",
      title: "",
      tight: true,
      cell: (row) => (
        <Group gap="xs" wrap="nowrap">
          <ActionButton needs="operator" size="compact-xs" onClick={() => onEdit(row)}>
            {t("freezes.change")}
          </ActionButton>
          <ActionButton needs="operator" size="compact-xs" onClick={() => onRemove(row)}>
            {t("freezes.delete")}
          </ActionButton>
        </Group>
      ),
    },
  ];
  return (
    <Table
      label={t("freezes.title")}
      columns={columns}
      rows={rows}
      rowKey={(row) => row.id}
      empty={<Empty title={t("freezes.emptyTitle")}>{t("freezes.emptyText")}</Empty>}
    />
  );
}

/** An instant as `datetime-local` has it, in the time of whoever looks. */
function local(at: string | null): string {
  return at ? absolute(at).replace(" ", "T").slice(0, 16) : "";
}

function iso(text: string): string | null {
  const time = new Date(text);
  return text && !Number.isNaN(time.getTime()) ? time.toISOString() : null;
}

function Form({ freeze, onDone }: { freeze: Freeze | null; onDone: () => void }) {
  const { t } = useTranslation("jobs");
  const [id, setId] = useState(freeze?.id ?? "");
  const [kind, setKind] = useState<string>(freeze?.cron ? "again" : "once");
  const [text, setText] = useState({
    reason: freeze?.reason ?? "",
    from: local(freeze?.from ?? null),
    until: local(freeze?.until ?? null),
    cron: freeze?.cron ?? "0 0 18 * * FRI",
    duration: freeze?.duration ?? "62h",
    time_zone: freeze?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
  });
  const [groups, setGroups] = useState(freeze?.groups ?? []);
  const [enabled, setEnabled] = useState(freeze?.enabled ?? true);
  const save = useAction({
    run: () => {
      const { reason, cron, duration, time_zone } = text;
      const time =
        kind === "once"
          ? { from: iso(text.from), until: iso(text.until) }
          : { cron: cron.trim(), duration: duration.trim(), time_zone: time_zone.trim() || null };
      return api.put(path`/api/freezes/${id.trim()}`, {
        json: { reason: reason.trim(), groups, enabled, ...time },
      });
    },
    done: t("freezes.saved"),
    touches: TOPICS,
    after: onDone,
  });
  const field = (name: keyof typeof text, type?: string) => (
    <TextInput
      label={t(`freezes.${name}`)}
      type={type}
      value={text[name]}
      onChange={(event) => {
        const value = event.currentTarget.value;
        setText((before) => ({ ...before, [name]: value }));
      }}
      autoComplete="off"
      required={name !== "time_zone"}
    />
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!save.isPending) save.mutate();
      }}
    >
      <Stack gap="sm">
        <TextInput
          label={t("freezes.name")}
          value={id}
          onChange={(event) => setId(event.currentTarget.value)}
          disabled={freeze !== null}
          required
          data-autofocus
        />
        {field("reason")}
        <Segments
          label={t("freezes.kind")}
          value={kind}
          onChange={setKind}
          data={[
            { value: "once", label: t("freezes.once") },
            { value: "again", label: t("freezes.again") },
          ]}
        />
        <div className={styles.fields}>
          {kind === "once" ? (
            <>
              {field("from", "datetime-local")}
              {field("until", "datetime-local")}
            </>
          ) : (
            <>
              {field("cron")}
              {field("duration")}
              {field("time_zone")}
            </>
          )}
        </div>
        <TagsInput
          label={t("freezes.groups")}
          description={t("freezes.groupsHelp")}
          value={groups}
          onChange={setGroups}
          size="xs"
        />
        <Switch
          label={t("freezes.enabled")}
          checked={enabled}
          onChange={(event) => setEnabled(event.currentTarget.checked)}
        />
        {save.error && (
          <Alert color="red" role="alert">
            {save.error.message}
          </Alert>
        )}
        <Group justify="flex-end" gap="xs">
          <Button onClick={onDone}>{t("shell:cancel")}</Button>
          <Button type="submit" variant="filled" loading={save.isPending}>
            {t("freezes.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
