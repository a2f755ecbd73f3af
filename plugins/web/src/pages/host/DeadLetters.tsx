import { Button, Group, Select } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { Age } from "../../design/Age";
import { Confirm } from "../../design/Confirm";
import { PageHead } from "../../design/PageHead";
import { Empty, Failure, SkeletonRows } from "../../design/States";
import { Status } from "../../design/Status";
import { type Column, Table } from "../../design/Table";
import { visible } from "../../design/text";
import { api, path } from "../../lib/api";
import { useAction, useApi } from "../../lib/data";
import { text, useUrlState } from "../../lib/urlState";
import type { ProjectionRow } from "./host";
import styles from "./host.module.css";
import { type Letter, LetterDetail } from "./LetterDetail";

const SHAPE = { projection: text(""), open: text("") };
const PAGE = 100;

interface Letters {
  dead_letters: Letter[];
  next: number | null;
}

export default function DeadLetters() {
  const { t } = useTranslation("host");
  const [{ projection, open }, set] = useUrlState(SHAPE);
  const letters = useInfiniteQuery({
    queryKey: ["/api/dead-letters", projection],
    queryFn: ({ pageParam, signal }) =>
      api.get<Letters>("/api/dead-letters", {
        query: { projection, limit: PAGE, before: pageParam },
        signal,
      }),
    initialPageParam: null as number | null,
    getNextPageParam: (last) => last.next,
    meta: { topics: ["dead-letters"] },
  });
  const rows = letters.data?.pages.flatMap((page) => page.dead_letters);
  return (
    <>
      <PageHead title={t("letters.title")} about={t("letters.intro")} />
      <Group mb="sm" gap="xs">
        <ProjectionFilter
          value={projection}
          onChange={(value) => set({ projection: value }, { push: true })}
        />
        {rows && rows.length > 0 && <AllOf rows={rows} more={letters.hasNextPage} />}
      </Group>
      {!rows && letters.error && <Failure error={letters.error} retry={() => void letters.refetch()} />}
      {!rows && !letters.error && <SkeletonRows />}
      {rows && (
        <Rows rows={rows} open={open} onOpen={(id) => set({ open: id === open ? "" : id }, { push: true })} />
      )}
      {letters.hasNextPage && (
        <Button mt="sm" loading={letters.isFetchingNextPage} onClick={() => void letters.fetchNextPage()}>
          {t("letters.more")}
        </Button>
      )}
    </>
  );
}

function ProjectionFilter({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useTranslation("host");
  const { data } = useApi<{ projections: ProjectionRow[] }>("/api/projections");
  const names = (data?.projections ?? []).filter((row) => row.kind === "projection").map((row) => row.name);
  if (value && !names.includes(value)) names.push(value);
  return (
    <Select
      aria-label={t("letters.projection")}
      placeholder={t("letters.any")}
      clearable
      w={240}
      data={names}
      value={value || null}
      onChange={(chosen) => onChange(chosen ?? "")}
    />
  );
}

function Rows({ rows, open, onOpen }: { rows: Letter[]; open: string; onOpen: (id: string) => void }) {
  const { t } = useTranslation("host");
  const columns: Column<Letter>[] = [
    {
      key: "projection",
      title: t("letters.projection"),
      cell: (row) => (
        <div>
          <button
            type="button"
            className={styles.opener}
            aria-expanded={open === String(row.id)}
            onClick={() => onOpen(String(row.id))}
          >
            {visible(row.projection)}
          </button>
          <div className="soft mono">{visible(row.subject)}</div>
        </div>
      ),
    },
    { key: "error", title: t("letters.error"), cell: (row) => visible(row.error) },
    {
      key: "sequence",
      title: t("letters.sequence"),
      right: true,
      tight: true,
      cell: (row) => (
        <span title={row.stream} className="mono">
          {row.sequence}
        </span>
      ),
    },
    { key: "at", title: t("letters.at"), tight: true, cell: (row) => <Age at={row.time} /> },
    {
      key: "state",
      title: t("letters.state"),
      tight: true,
      cell: (row) => (
        <Status tone={row.status === "replay" ? "run" : "warn"}>{t(`letters.states.${row.status}`)}</Status>
      ),
    },
  ];
  return (
    <Table
      label={t("letters.title")}
      columns={columns}
      rows={rows}
      rowKey={(row) => String(row.id)}
      detail={(row) => (open === String(row.id) ? <LetterDetail id={row.id} /> : null)}
      empty={<Empty title={t("letters.empty")}>{t("letters.emptyAbout")}</Empty>}
    />
  );
}

/** What is listed, all at once. */
function AllOf({ rows, more }: { rows: Letter[]; more: boolean }) {
  const { t } = useTranslation("host");
  const [asks, setAsks] = useState<"replay" | "discard" | null>(null);
  const action = useAction({
    run: async (what: "replay" | "discard") => {
      for (const row of rows) await api.post(path`/api/dead-letters/${row.id}/${what}`);
      return rows.length;
    },
    done: (done, what) => t(`letters.${what}Done`, { count: done }),
    touches: ["dead-letters"],
    after: () => setAsks(null),
  });
  return (
    <>
      <ActionButton needs="admin" onClick={() => setAsks("replay")}>
        {t("letters.replayAll", { count: rows.length })}
      </ActionButton>
      <ActionButton needs="admin" onClick={() => setAsks("discard")}>
        {t("letters.discardAll", { count: rows.length })}
      </ActionButton>
      {more && <span className="soft">{t("letters.ofMore", { count: rows.length })}</span>}
      <Confirm
        opened={asks !== null}
        onClose={() => setAsks(null)}
        onConfirm={() => asks && action.mutate(asks)}
        title={
          asks === "discard"
            ? t("letters.askDiscard", { count: rows.length })
            : t("letters.askReplay", { count: rows.length })
        }
        action={asks === "discard" ? t("letters.discard") : t("letters.replay")}
        danger={asks === "discard"}
        typed={asks === "discard"}
        count={asks === "discard" ? rows.length : undefined}
        busy={action.isPending}
      >
        {asks === "discard" ? t("letters.discardAbout") : t("letters.replayAbout")}
      </Confirm>
    </>
  );
}
