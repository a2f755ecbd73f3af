/** Columns, filters and the detail of events. */

import { Anchor, Drawer } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Age, absolute } from "../../design/Age";
import { CopyButton } from "../../design/Id";
import { PageLink } from "../../design/PageLink";
import { Status } from "../../design/Status";
import { visible } from "../../design/text";
import { api, path } from "../../lib/api";
import { CellLink } from "../../list/CellLink";
import type { Column, Field } from "../../list/types";
import { type EventRow, LOGON_TYPES, summary, tone } from "./events";
import styles from "./obs.module.css";

export function useEventColumns(fixed: boolean): readonly Column<EventRow>[] {
  const { t } = useTranslation("obs");
  return useMemo(() => {
    const columns: Column<EventRow>[] = [
      {
        id: "at",
        title: t("column.at"),
        width: 176,
        grow: 0,
        fixed: true,
        card: "badge",
        cell: (row) => <time dateTime={row.at}>{absolute(row.at)}</time>,
      },
      {
        id: "age",
        title: t("column.age"),
        width: 90,
        grow: 0,
        optional: true,
        card: "none",
        cell: (row) => <Age at={row.at} />,
      },
      {
        id: "pc",
        title: t("column.pc"),
        width: 150,
        card: "title",
        cell: (row) => <CellLink to={path`/agents/${row.pc_id}`}>{visible(row.pc_id)}</CellLink>,
      },
      {
        id: "kind",
        title: t("column.kind"),
        width: 190,
        card: fixed ? "title" : undefined,
        cell: (row) => (
          <>
            <Status tone={tone(row.kind)}>{visible(row.kind)}</Status>
            {row.folded !== undefined && <span className="soft"> ×{row.folded}</span>}
          </>
        ),
      },
      { id: "source", title: t("column.source"), width: 150, cell: (row) => visible(row.source) },
      {
        id: "record",
        title: t("column.record"),
        width: 90,
        optional: true,
        cell: (row) => <span className="mono">{visible(row.event_record_id ?? "—")}</span>,
      },
      {
        id: "payload",
        title: t("column.payload"),
        width: 200,
        grow: 4,
        cell: (row) => <span className="soft">{visible(summary(row.payload)).slice(0, 400) || "—"}</span>,
      },
    ];
    return fixed ? columns.filter((one) => one.id !== "pc") : columns;
  }, [t, fixed]);
}

export function useEventFields(fixed: boolean): readonly Field[] {
  const { t } = useTranslation("obs");
  return useMemo(() => {
    const fields: Field[] = [
      { id: "pc_id", title: t("column.pc"), kind: "text", ops: ["eq"] },
      {
        id: "kind",
        title: t("column.kind"),
        kind: "choice",
        ops: ["eq"],
        choices: async (_, signal) => {
          const { kinds } = await api.get<{ kinds: string[] }>("/api/obs_events/kinds", { signal });
          return kinds.map((value) => ({ value }));
        },
      },
      { id: "source", title: t("column.source"), kind: "text", ops: ["eq"] },
      {
        id: "logon_type",
        title: t("logonType"),
        kind: "choice",
        ops: ["eq"],
        choices: LOGON_TYPES.map((value) => ({ value, label: `${value} · ${t(`logon.${value}`)}` })),
        show: (value) => `${value} · ${t(`logon.${value}`, { defaultValue: "" })}`,
      },
    ];
    return fixed ? fields.filter((one) => one.id !== "pc_id") : fields;
  }, [t, fixed]);
}

export function EventDetail({ row, onClose }: { row: EventRow | null; onClose: () => void }) {
  const { t } = useTranslation("obs");
  const text = row ? JSON.stringify(row.payload, null, 2) : "";
  return (
    <Drawer
      opened={row !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title={row && visible(row.kind)}
      closeButtonProps={{ "aria-label": t("close") }}
    >
      {row && (
        <>
          <dl className={styles.facts}>
            <dt>{t("column.at")}</dt>
            <dd>
              {absolute(row.at)} (<Age at={row.at} />)
            </dd>
            <dt>{t("column.pc")}</dt>
            <dd>
              <Anchor component={PageLink} size="sm" to={path`/agents/${row.pc_id}`}>
                {visible(row.pc_id)}
              </Anchor>
            </dd>
            <dt>{t("column.source")}</dt>
            <dd>{visible(row.source)}</dd>
            <dt>{t("column.record")}</dt>
            <dd className="mono">{visible(row.event_record_id ?? "—")}</dd>
          </dl>
          <div className={styles.payloadHead}>
            <strong>{t("column.payload")}</strong>
            <CopyButton value={text} />
          </div>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
          <pre className={styles.payload} tabIndex={0}>
            {visible(text)}
          </pre>
        </>
      )}
    </Drawer>
  );
}
