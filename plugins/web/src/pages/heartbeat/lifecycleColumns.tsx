/** Columns of PCs that were taken out, of moves, and of doubled ids. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Age } from "../../design/Age";
import { count } from "../../design/numbers";
import { Status } from "../../design/Status";
import { visible } from "../../design/text";
import { path } from "../../lib/api";
import { CellLink } from "../../list/CellLink";
import type { Column } from "../../list/types";
import type { DoubleRow, MoveRow, RetiredRow } from "./lifecycle";

interface Left {
  pc_id: string;
  kind: RetiredRow["kind"];
  successor: string | null;
}

/** Retired, or what it is now. */
export function What({ of }: { of: Left }) {
  const { t } = useTranslation("heartbeat");
  return (
    <>
      {t(`lifecycle.kind.${of.kind}`)}
      {of.successor && (
        <>
          {" "}
          <CellLink to={path`/agents/${of.successor}`}>{visible(of.successor)}</CellLink>
        </>
      )}
    </>
  );
}

export function useRetiredColumns(): readonly Column<RetiredRow>[] {
  const { t } = useTranslation("heartbeat");
  return useMemo(
    () => [
      {
        id: "state",
        title: t("column.state"),
        width: 96,
        grow: 0,
        card: "badge",
        cell: (row) =>
          row.back ? (
            <Status tone="warn">{t("lifecycle.back")}</Status>
          ) : (
            <Status tone="off">{t("lifecycle.gone")}</Status>
          ),
      },
      {
        id: "pc_id",
        title: t("column.pc"),
        width: 170,
        grow: 2,
        fixed: true,
        card: "title",
        cell: (row) =>
          row.back ? (
            <CellLink to={path`/agents/${row.pc_id}`}>{visible(row.pc_id)}</CellLink>
          ) : (
            visible(row.pc_id)
          ),
      },
      { id: "what", title: t("lifecycle.what"), width: 170, grow: 2, cell: (row) => <What of={row} /> },
      {
        id: "hostname",
        title: t("column.hostname"),
        width: 130,
        cell: (row) => visible(row.hostname ?? "—"),
      },
      {
        id: "os",
        title: t("column.os"),
        width: 80,
        optional: true,
        cell: (row) => visible(row.os_family ?? "—"),
      },
      {
        id: "version",
        title: t("column.version"),
        width: 96,
        optional: true,
        cell: (row) => <span className="mono">{visible(row.agent_version ?? "—")}</span>,
      },
      {
        id: "last_heartbeat",
        title: t("lifecycle.lastHeartbeat"),
        width: 130,
        cell: (row) => <Age at={row.last_heartbeat} never={t("never")} />,
      },
      {
        id: "reason",
        title: t("lifecycle.reason"),
        width: 150,
        grow: 2,
        cell: (row) => visible(row.reason ?? "—"),
      },
      { id: "by", title: t("lifecycle.by"), width: 110, cell: (row) => visible(row.retired_by ?? "—") },
      { id: "at", title: t("lifecycle.at"), width: 110, cell: (row) => <Age at={row.retired_at} /> },
    ],
    [t],
  );
}

export function MoveState({ of }: { of: MoveRow }) {
  const { t } = useTranslation("heartbeat");
  const failed = Object.keys(of.failed).length;
  if (failed > 0) return <Status tone="bad">{t("lifecycle.heldUp", { count: failed })}</Status>;
  if (!of.finished_at) return <Status tone="run">{t("lifecycle.moving")}</Status>;
  return <Status tone="ok">{t("lifecycle.moved")}</Status>;
}

export function useMoveColumns(): readonly Column<MoveRow>[] {
  const { t, i18n } = useTranslation("heartbeat");
  return useMemo(
    () => [
      {
        id: "state",
        title: t("column.state"),
        width: 150,
        grow: 0,
        card: "badge",
        cell: (row) => <MoveState of={row} />,
      },
      {
        id: "pc_id",
        title: t("lifecycle.oldId"),
        width: 170,
        grow: 2,
        fixed: true,
        card: "title",
        cell: (row) => visible(row.pc_id),
      },
      { id: "what", title: t("lifecycle.what"), width: 190, grow: 2, cell: (row) => <What of={row} /> },
      {
        id: "rows",
        title: t("lifecycle.rows"),
        width: 110,
        align: "end",
        cell: (row) =>
          count(
            Object.values(row.done).reduce((sum, part) => sum + part.rows, 0),
            i18n.language,
          ),
      },
      { id: "by", title: t("lifecycle.by"), width: 110, cell: (row) => visible(row.asked_by ?? "—") },
      { id: "at", title: t("lifecycle.at"), width: 110, cell: (row) => <Age at={row.asked_at} /> },
    ],
    [t, i18n.language],
  );
}

export function useDoubleColumns(): readonly Column<DoubleRow>[] {
  const { t, i18n } = useTranslation("heartbeat");
  return useMemo(
    () => [
      {
        id: "state",
        title: t("column.state"),
        width: 110,
        grow: 0,
        card: "badge",
        cell: (row) =>
          row.current ? (
            <Status tone="warn">{t("lifecycle.now")}</Status>
          ) : (
            <Status tone="off">{t("lifecycle.past")}</Status>
          ),
      },
      {
        id: "pc_id",
        title: t("column.pc"),
        width: 150,
        grow: 2,
        fixed: true,
        card: "title",
        cell: (row) => <CellLink to={path`/agents/${row.pc_id}`}>{visible(row.pc_id)}</CellLink>,
      },
      {
        id: "senders",
        title: t("lifecycle.senders"),
        width: 300,
        grow: 4,
        cell: (row) =>
          row.sources
            .map((one) => [one.hostname, one.os_family, one.agent_version].filter(Boolean).join(" · "))
            .map(visible)
            .join("  /  "),
      },
      {
        id: "reason",
        title: t("lifecycle.sign"),
        width: 190,
        grow: 2,
        cell: (row) => t(`lifecycle.signs.${row.reason}`),
      },
      {
        id: "times",
        title: t("lifecycle.times"),
        width: 80,
        align: "end",
        cell: (row) => count(row.times, i18n.language),
      },
      { id: "first", title: t("lifecycle.first"), width: 110, cell: (row) => <Age at={row.first_at} /> },
      { id: "last", title: t("lifecycle.last"), width: 110, cell: (row) => <Age at={row.last_at} /> },
    ],
    [t, i18n.language],
  );
}
