import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { Confirm } from "../../design/Confirm";
import { CopyButton } from "../../design/Id";
import { type Column, Table } from "../../design/Table";
import { visible } from "../../design/text";
import { api, path } from "../../lib/api";
import { useAction } from "../../lib/data";
import { useFileColumns } from "./fileColumns";
import styles from "./releases.module.css";
import { SaveButton } from "./SaveButton";
import type { Shelf, Stored } from "./shelves";

function addressOf(shelf: Shelf, row: Pick<Stored, "name" | "version">): string {
  return `${shelf.path}${path`/${row.name}/${row.version}`}`;
}

function titleOf(row: Stored): string {
  return visible(`${row.name} ${row.version}`);
}

interface ShelfTableProps {
  shelf: Shelf;
  rows: readonly Stored[];
  empty: ReactNode;
}

export function ShelfTable({ shelf, rows, empty }: ShelfTableProps) {
  const { t } = useTranslation("releases");
  const [goes, setGoes] = useState<Stored | null>(null);
  const remove = useAction<Stored>({
    run: (row) => api.delete(addressOf(shelf, row)),
    done: t("delete.done"),
    touches: shelf.topics,
    after: () => setGoes(null),
  });
  const files = useFileColumns();
  const columns: Column<Stored>[] = [
    {
      key: "name",
      title: t("column.name"),
      cell: (row) => (
        <span>
          {visible(row.name)} <CopyButton value={`${row.name}/${row.version}`} label={t("shelf.copy")} />
        </span>
      ),
    },
    {
      key: "version",
      title: t("column.version"),
      cell: (row) => <span className="mono">{visible(row.version)}</span>,
    },
    ...files,
    {
      key: "do",
      title: "",
      tight: true,
      cell: (row) => (
        <div className={styles.buttons}>
          <SaveButton
            to={addressOf(shelf, row)}
            name={`${row.name}-${row.version}`}
            size={row.size}
            label={t("download", { name: titleOf(row) })}
          />
          <ActionButton
            needs="operator"
            size="compact-xs"
            danger
            aria-label={t("delete.of", { name: titleOf(row) })}
            onClick={() => setGoes(row)}
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
        label={t(`${shelf.id}.title`)}
        columns={columns}
        rows={rows}
        rowKey={(row) => `${row.name}/${row.version}`}
        empty={empty}
      />
      <Confirm
        opened={goes !== null}
        onClose={() => setGoes(null)}
        onConfirm={() => goes && remove.mutate(goes)}
        title={t("delete.title", { name: goes ? titleOf(goes) : "" })}
        action={t("delete.ask")}
        busy={remove.isPending}
        danger
      >
        {t(`${shelf.id}.delete`)}
      </Confirm>
    </>
  );
}
