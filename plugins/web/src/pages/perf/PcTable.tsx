/** PCs with one thing about each: what it does most, or since when it is looked into. */

import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { PageLink } from "../../design/PageLink";
import { Table } from "../../design/Table";
import { visible } from "../../design/text";
import { path } from "../../lib/api";

export interface PcRow {
  pc_id: string;
  hostname: string | null;
}

interface PcTableProps<R> {
  label: string;
  /** Of the agent's page, where more is to be seen. */
  panel: string;
  rows: readonly R[];
  title: string;
  last: (row: R) => ReactNode;
}

export function PcTable<R extends PcRow>({ label, panel, rows, title, last }: PcTableProps<R>) {
  const { t } = useTranslation("perf");
  return (
    <Table
      label={label}
      rows={rows}
      rowKey={(row) => row.pc_id}
      columns={[
        {
          key: "pc",
          title: t("pc"),
          cell: (row) => (
            <PageLink to={`${path`/agents/${row.pc_id}`}?panel=${panel}`}>{visible(row.pc_id)}</PageLink>
          ),
        },
        { key: "hostname", title: t("hostname"), cell: (row) => visible(row.hostname ?? "—") },
        { key: "last", title, right: true, cell: last },
      ]}
    />
  );
}
