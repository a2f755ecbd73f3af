/** One move of a PC: what each plugin did for it, and what holds it up. */
import { Drawer, Group, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { Age } from "../../design/Age";
import { count } from "../../design/numbers";
import { Loaded } from "../../design/States";
import { Status } from "../../design/Status";
import { type Column, Table } from "../../design/Table";
import { visible } from "../../design/text";
import { api } from "../../lib/api";
import { useAction, useApi } from "../../lib/data";
import styles from "./agent.module.css";
import { MOVES, type MoveRow } from "./lifecycle";
import { MoveState, What } from "./lifecycleColumns";

export function MoveDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation("heartbeat");
  return (
    <Drawer
      opened={id !== ""}
      onClose={onClose}
      position="right"
      size="lg"
      title={t("lifecycle.move", { id })}
      closeButtonProps={{ "aria-label": t("close") }}
    >
      {id !== "" && <Detail id={id} />}
    </Drawer>
  );
}

interface PartRow {
  plugin: string;
  rows: number | null;
  text: string;
  failed: boolean;
}

function parts(move: MoveRow): PartRow[] {
  const done = Object.entries(move.done).map(([plugin, part]) => ({
    plugin,
    rows: part.rows,
    text: part.notes.join("\n"),
    failed: false,
  }));
  const failed = Object.entries(move.failed).map(([plugin, text]) => ({
    plugin,
    rows: null,
    text,
    failed: true,
  }));
  return [...failed, ...done];
}

function Detail({ id }: { id: string }) {
  const { t } = useTranslation("heartbeat");
  const address = `${MOVES}/${encodeURIComponent(id)}`;
  const move = useApi<MoveRow>(address, { topics: ["moves"] });
  const repeat = useAction({
    run: () => api.post(`${address}/repeat`),
    done: t("lifecycle.repeated"),
    touches: ["moves"],
  });
  return (
    <Loaded of={move}>
      {(found) => (
        <Stack>
          <dl className={styles.facts}>
            <dt>{t("lifecycle.oldId")}</dt>
            <dd className="mono">{visible(found.pc_id)}</dd>
            <dt>{t("lifecycle.what")}</dt>
            <dd>
              <What of={found} />
            </dd>
            <dt>{t("column.state")}</dt>
            <dd>
              <MoveState of={found} />
            </dd>
            <dt>{t("lifecycle.by")}</dt>
            <dd>{visible(found.asked_by ?? "—")}</dd>
            <dt>{t("lifecycle.at")}</dt>
            <dd>
              <Age at={found.asked_at} />
            </dd>
          </dl>
          <Parts rows={parts(found)} />
          <Group gap="xs">
            <ActionButton needs="operator" loading={repeat.isPending} onClick={() => repeat.mutate()}>
              {t("lifecycle.repeat")}
            </ActionButton>
            <span className="soft">{t("lifecycle.repeatAbout")}</span>
          </Group>
        </Stack>
      )}
    </Loaded>
  );
}

function Parts({ rows }: { rows: PartRow[] }) {
  const { t, i18n } = useTranslation("heartbeat");
  const columns: Column<PartRow>[] = [
    {
      key: "plugin",
      title: t("lifecycle.plugin"),
      tight: true,
      cell: (row) => <Status tone={row.failed ? "bad" : "ok"}>{visible(row.plugin)}</Status>,
    },
    {
      key: "rows",
      title: t("lifecycle.rows"),
      right: true,
      tight: true,
      cell: (row) => (row.rows === null ? "—" : count(row.rows, i18n.language)),
    },
    { key: "text", title: t("lifecycle.notes"), cell: (row) => visible(row.text || "—") },
  ];
  return <Table label={t("lifecycle.parts")} columns={columns} rows={rows} rowKey={(row) => row.plugin} />;
}
