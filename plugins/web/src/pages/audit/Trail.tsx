/** Who did what, when, with which effect. */
import { Badge, Button, Group, Select } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Age } from "../../design/Age";
import { FilterText } from "../../design/FilterText";
import { PageHead } from "../../design/PageHead";
import { Empty, Failure, SkeletonRows } from "../../design/States";
import { Status } from "../../design/Status";
import { type Column, Table } from "../../design/Table";
import { visible } from "../../design/text";
import { api } from "../../lib/api";
import { choice, text, useUrlState } from "../../lib/urlState";
import styles from "./audit.module.css";
import { Effect } from "./Effect";
import { ACTORS, type AuditRecord, SPANS, type Span, since } from "./records";

const SHAPE = {
  actor: text(""),
  action: text(""),
  target: text(""),
  payload: text(""),
  span: choice(SPANS, "24h"),
  open: text(""),
};
const PAGE = 100;
const PATTERNS = ["action", "target", "payload"] as const;

export default function Trail() {
  const { t } = useTranslation("audit");
  const [state, set] = useUrlState(SHAPE);
  const { actor, action, target, payload, span, open } = state;
  // Anew with each filter, not with each request: pages of one list begin at one time.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the filters are what it is made anew for
  const from = useMemo(() => since(span, Date.now()), [span, actor, action, target, payload]);
  const trail = useInfiniteQuery({
    queryKey: ["/api/audit", actor, action, target, payload, from],
    queryFn: ({ pageParam: before, signal }) => {
      const query = { limit: PAGE, actor, action, target, payload, since: from, before };
      return api.get<AuditRecord[]>("/api/audit", { query, signal });
    },
    initialPageParam: null as number | null,
    getNextPageParam: (last) => (last.length < PAGE ? null : (last[last.length - 1]?.id ?? null)),
    meta: { topics: ["audit"] },
    placeholderData: (before) => before,
  });
  const rows = trail.data?.pages.flat();
  return (
    <>
      <PageHead title={t("title")} about={t("intro")} />
      <Group gap="xs" mb="sm" align="flex-end">
        <Select
          label={t("actor")}
          w={130}
          clearable
          placeholder={t("any")}
          data={[...ACTORS]}
          value={actor || null}
          onChange={(value) => set({ actor: value ?? "" }, { push: true })}
        />
        {PATTERNS.map((name) => (
          <FilterText
            key={name}
            label={t(name)}
            placeholder={t("pattern")}
            w={180}
            value={state[name]}
            onChange={(value) => set({ [name]: value })}
          />
        ))}
        <Select
          label={t("span")}
          w={120}
          data={SPANS.map((value) => ({ value, label: t(`spans.${value}`) }))}
          value={span}
          onChange={(value) => set({ span: value as Span }, { push: true })}
        />
      </Group>
      {trail.error && (
        <Failure inline={rows !== undefined} error={trail.error} retry={() => void trail.refetch()} />
      )}
      {!rows && !trail.error && <SkeletonRows />}
      {rows && (
        <Rows rows={rows} open={open} onOpen={(id) => set({ open: id === open ? "" : id }, { push: true })} />
      )}
      {trail.hasNextPage && (
        <Button mt="sm" loading={trail.isFetchingNextPage} onClick={() => void trail.fetchNextPage()}>
          {t("more")}
        </Button>
      )}
    </>
  );
}

function Rows({ rows, open, onOpen }: { rows: AuditRecord[]; open: string; onOpen: (id: string) => void }) {
  const { t } = useTranslation("audit");
  const columns: Column<AuditRecord>[] = [
    { key: "at", title: t("at"), tight: true, cell: (row) => <Age at={row.occurred_at} /> },
    { key: "actor", title: t("actor"), tight: true, cell: (row) => <Badge>{visible(row.actor)}</Badge> },
    {
      key: "action",
      title: t("action"),
      tight: true,
      cell: (row) => (
        <>
          <button
            type="button"
            className={styles.opener}
            aria-expanded={open === String(row.id)}
            onClick={() => onOpen(String(row.id))}
          >
            {visible(row.action)}
          </button>
          {row.outcome === "failed" && (
            <>
              {" "}
              <Status tone="bad">{t("failed")}</Status>
            </>
          )}
        </>
      ),
    },
    {
      key: "target",
      title: t("target"),
      cell: (row) => <span className="mono">{visible(row.target ?? "—")}</span>,
    },
    { key: "payload", title: t("payload"), cell: (row) => <Short payload={row.payload} /> },
  ];
  return (
    <Table
      label={t("title")}
      columns={columns}
      rows={rows}
      rowKey={(row) => String(row.id)}
      detail={(row) => (open === String(row.id) ? <Effect record={row} /> : null)}
      empty={<Empty title={t("empty")}>{t("emptyAbout")}</Empty>}
    />
  );
}

function Short({ payload }: { payload: unknown }) {
  if (payload === null || payload === undefined) return <span className="soft">—</span>;
  const shown =
    typeof payload === "object" && !Array.isArray(payload)
      ? Object.entries(payload).map(
          ([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
        )
      : [JSON.stringify(payload)];
  return <span className={styles.short}>{visible(shown.join("  "))}</span>;
}
