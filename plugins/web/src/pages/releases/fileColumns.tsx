/** Size, time and digest: the columns of everything that lies in an object store. */
import { useTranslation } from "react-i18next";
import { Age } from "../../design/Age";
import { Id } from "../../design/Id";
import { bytes } from "../../design/numbers";
import type { Column } from "../../design/Table";

interface Stored {
  size: number;
  digest: string | null;
  modified: string | null;
}

export function useFileColumns(): Column<Stored>[] {
  const { t } = useTranslation("releases");
  return [
    { key: "size", title: t("column.size"), right: true, tight: true, cell: (row) => bytes(row.size) },
    { key: "modified", title: t("column.modified"), tight: true, cell: (row) => <Age at={row.modified} /> },
    {
      key: "digest",
      title: t("column.digest"),
      cell: (row) => (row.digest ? <Id value={row.digest} most={24} /> : "—"),
    },
  ];
}
