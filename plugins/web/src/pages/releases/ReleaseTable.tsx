/** The agent binaries that are there. */

import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { Confirm } from "../../design/Confirm";
import { count } from "../../design/numbers";
import { PageLink } from "../../design/PageLink";
import { Empty } from "../../design/States";
import { type Column, Table } from "../../design/Table";
import { visible } from "../../design/text";
import { api, path } from "../../lib/api";
import { useAction } from "../../lib/data";
import { useFileColumns } from "./fileColumns";
import { agentsUrl, RELEASES, type Release, useVersions } from "./releases";
import styles from "./releases.module.css";
import { SaveButton } from "./SaveButton";

interface ReleaseTableProps {
  rows: readonly Release[];
  onRoll: (version: string) => void;
}

export function ReleaseTable({ rows, onRoll }: ReleaseTableProps) {
  const { t, i18n } = useTranslation("releases");
  const [goes, setGoes] = useState<string | null>(null);
  const now = useVersions({ type: "global" });
  const have = new Map(now.data?.facets[0]?.values.map((one) => [one.value, one.count]));
  const remove = useAction<string>({
    run: (version) => api.delete(path`/api/agents/releases/${version}`),
    done: t("delete.done"),
    touches: RELEASES,
    after: () => setGoes(null),
  });
  const shown = (row: Release) => (now.data ? count(have.get(row.version) ?? 0, i18n.language) : "—");
  const files = useFileColumns();
  const columns: Column<Release>[] = [
    {
      key: "version",
      title: t("column.version"),
      cell: (row) => <span className="mono">{visible(row.version)}</span>,
    },
    {
      key: "pcs",
      title: t("column.pcs"),
      right: true,
      tight: true,
      cell: (row) => (
        <PageLink
          to={agentsUrl({ type: "global" }, [{ field: "version", op: "eq", value: row.version }])}
          aria-label={t("column.pcsOf", { shown: shown(row), version: visible(row.version) })}
        >
          {shown(row)}
        </PageLink>
      ),
    },
    ...files,
    {
      key: "do",
      title: "",
      tight: true,
      cell: (row) => (
        <div className={styles.buttons}>
          <ActionButton needs="operator" size="compact-xs" onClick={() => onRoll(row.version)}>
            {t("roll.ask")}
          </ActionButton>
          <SaveButton
            to={path`/api/agents/releases/${row.version}`}
            name={`agent-${row.version}.exe`}
            size={row.size}
            label={t("download", { name: visible(row.version) })}
          />
          <ActionButton
            needs="operator"
            size="compact-xs"
            danger
            aria-label={t("delete.of", { name: visible(row.version) })}
            onClick={() => setGoes(row.version)}
          >
            {t("delete.ask")}
          </ActionButton>
        </div>
      ),
    },
  ];
  return (
    <>
      <Table
        label={t("release.title")}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.version}
        empty={
          <Empty title={t("release.empty")}>
            {t("release.emptyAbout")} <code className="mono">kanade agent publish kanade-agent.exe</code>
          </Empty>
        }
      />
      <Confirm
        opened={goes !== null}
        onClose={() => setGoes(null)}
        onConfirm={() => goes !== null && remove.mutate(goes)}
        title={t("delete.title", { name: visible(goes ?? "") })}
        action={t("delete.ask")}
        busy={remove.isPending}
        danger
      >
        {t("delete.release")}
      </Confirm>
    </>
  );
}
