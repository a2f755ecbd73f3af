/** Who did what, when, with which effect. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Age } from "../../design/Age";
import { PageHead } from "../../design/PageHead";
import { Sheet } from "../../design/Sheet";
import { Empty, Loaded } from "../../design/States";
import { Status } from "../../design/Status";
import { visible } from "../../design/text";
import { useApi } from "../../lib/data";
import { text, useUrlState } from "../../lib/urlState";
import { List } from "../../list/List";
import type { Column, Field } from "../../list/types";
import { Effect } from "./Effect";
import { ACTORS, type AuditRecord } from "./records";
import { trailSource } from "./trail";

const SHAPE = { open: text() };
const SHOWN_AT_MOST = 400;

export default function Trail() {
  const { t } = useTranslation("audit");
  const [{ open }, set] = useUrlState(SHAPE);
  const source = useMemo(trailSource, []);
  return (
    <>
      <PageHead title={t("title")} about={t("intro")} />
      <List
        id="audit"
        label={t("title")}
        unit={(count) => t("unit", { count })}
        columns={useColumns()}
        fields={useFields()}
        source={source}
        tone={(row) => (row.outcome === "failed" ? "bad" : undefined)}
        onOpen={(row) => set({ open: String(row.id) }, { push: true })}
        empty={{ title: t("empty"), text: t("emptyAbout") }}
      />
      <Record id={open} onClose={() => set({ open: "" }, { push: true })} />
    </>
  );
}

function useColumns(): readonly Column<AuditRecord>[] {
  const { t } = useTranslation("audit");
  return useMemo<Column<AuditRecord>[]>(
    () => [
      {
        id: "at",
        title: t("at"),
        width: 110,
        grow: 0,
        fixed: true,
        card: "badge",
        cell: (row) => <Age at={row.occurred_at} />,
      },
      { id: "actor", title: t("actor"), width: 110, grow: 0, cell: (row) => visible(row.actor) },
      {
        id: "action",
        title: t("action"),
        width: 190,
        card: "title",
        cell: (row) => (
          <>
            {visible(row.action)} {row.outcome === "failed" && <Status tone="bad">{t("failed")}</Status>}
          </>
        ),
      },
      {
        id: "target",
        title: t("target"),
        width: 200,
        cell: (row) => <span className="mono">{visible(row.target ?? "—")}</span>,
      },
      {
        id: "payload",
        title: t("payload"),
        width: 260,
        grow: 4,
        cell: (row) => <span className="soft">{short(row.payload)}</span>,
      },
      {
        id: "record",
        title: t("id"),
        width: 90,
        grow: 0,
        align: "end",
        optional: true,
        cell: (row) => row.id,
      },
    ],
    [t],
  );
}

function useFields(): readonly Field[] {
  const { t } = useTranslation("audit");
  return useMemo<Field[]>(
    () => [
      {
        id: "actor",
        title: t("actor"),
        kind: "choice",
        ops: ["eq"],
        choices: ACTORS.map((value) => ({ value })),
      },
      { id: "action", title: t("field.action"), kind: "text", ops: ["contains"] },
      { id: "target", title: t("field.target"), kind: "text", ops: ["contains"] },
      { id: "payload", title: t("field.payload"), kind: "text", ops: ["contains"] },
      { id: "since", title: t("span"), kind: "time", ops: ["ge"] },
    ],
    [t],
  );
}

/** The payload in a line. */
function short(payload: unknown): string {
  if (payload === null || payload === undefined) return "—";
  const parts =
    typeof payload === "object" && !Array.isArray(payload)
      ? Object.entries(payload).map(
          ([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
        )
      : [JSON.stringify(payload)];
  return visible(parts.join("  ").slice(0, SHOWN_AT_MOST));
}

/** The record that the address names; empty: none. */
function Record({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation("audit");
  const answer = useApi<AuditRecord[]>("/api/audit", { query: { id, limit: 1 }, enabled: id !== "" });
  const [record] = answer.data ?? [];
  return (
    <Sheet
      opened={id !== ""}
      onClose={onClose}
      size="lg"
      title={
        record
          ? `${visible(record.actor)} · ${visible(record.action)} ${visible(record.target ?? "")}`
          : t("record", { id })
      }
    >
      {id !== "" && (
        <Loaded of={answer}>
          {([found]) => (found ? <Effect record={found} /> : <Empty title={t("gone")} />)}
        </Loaded>
      )}
    </Sheet>
  );
}
