/** What ticks decided, and why, the newest first. */

import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Age, absolute } from "../../design/Age";
import { count } from "../../design/numbers";
import { PageLink } from "../../design/PageLink";
import { Empty, Failure, SkeletonRows } from "../../design/States";
import { Status } from "../../design/Status";
import { type Column, Table } from "../../design/Table";
import { visible } from "../../design/text";
import { api, path } from "../../lib/api";
import { decisionTone, type Tick, TOPICS } from "./schedules";

const PAGE = 50;

interface TicksProps {
  from: string;
  decision?: string;
  /** Of several schedules: say which. */
  named?: boolean;
}

export function Ticks({ from, decision, named = false }: TicksProps) {
  const { t, i18n } = useTranslation("scheduler");
  const answer = useInfiniteQuery({
    queryKey: [from, decision ?? ""],
    queryFn: ({ pageParam, signal }) =>
      api.get<Tick[]>(from, { query: { decision, before: pageParam, limit: PAGE }, signal }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.length === PAGE ? (page.at(-1)?.id ?? null) : null),
    meta: { topics: TOPICS },
  });
  if (answer.error && !answer.data)
    return <Failure error={answer.error} retry={() => void answer.refetch()} />;
  if (!answer.data) return <SkeletonRows />;
  const columns: Column<Tick>[] = [
    {
      key: "due",
      title: t("column.due"),
      tight: true,
      cell: (row) => (
        <time dateTime={row.last_due} title={absolute(row.last_due)}>
          <Age at={row.last_due} />
        </time>
      ),
    },
    {
      key: "schedule",
      title: t("column.schedule"),
      cell: (row) => <PageLink to={path`/schedules/${row.schedule_id}`}>{visible(row.schedule_id)}</PageLink>,
    },
    {
      key: "decision",
      title: t("column.decision"),
      tight: true,
      cell: (row) => (
        <Status tone={decisionTone(row.decision)}>
          {t(`decision.${row.decision}`, { defaultValue: row.decision })}
          {row.times > 1 && ` ×${count(row.times, i18n.language)}`}
        </Status>
      ),
    },
    {
      key: "reason",
      title: t("column.reason"),
      cell: (row) => <span className="soft">{visible(row.reason)}</span>,
    },
    {
      key: "run",
      title: "",
      tight: true,
      cell: (row) => row.exec_id && <PageLink to={path`/executions/${row.exec_id}`}>{t("run")}</PageLink>,
    },
  ];
  return (
    <>
      <Table
        label={t("view.ticks")}
        columns={named ? columns : columns.filter((one) => one.key !== "schedule")}
        rows={answer.data.pages.flat()}
        rowKey={(row) => String(row.id)}
        empty={<Empty title={t("noTicks")}>{t("noTicksText")}</Empty>}
      />
      {answer.hasNextPage && (
        <Button mt="sm" loading={answer.isFetchingNextPage} onClick={() => void answer.fetchNextPage()}>
          {t("older")}
        </Button>
      )}
    </>
  );
}
