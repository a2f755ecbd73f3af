/** Columns of changes. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { absolute } from "../../design/Age";
import { Status } from "../../design/Status";
import { visible } from "../../design/text";
import { path } from "../../lib/api";
import { CellLink } from "../../list/CellLink";
import type { Column, Field } from "../../list/types";
import { type ChangeRow, changeTone, identity } from "./changes";

export function useChangeColumns(ofPc: boolean): readonly Column<ChangeRow>[] {
  const { t } = useTranslation("inventory");
  return useMemo(() => {
    const columns: Column<ChangeRow>[] = [
      {
        id: "at",
        title: t("when"),
        width: 176,
        grow: 0,
        fixed: true,
        card: "badge",
        cell: (row) =>
          row.observed_at ? <time dateTime={row.observed_at}>{absolute(row.observed_at)}</time> : "—",
      },
      {
        id: "pc",
        title: t("pc"),
        width: 150,
        card: "title",
        cell: (row) => (
          <CellLink to={`${path`/agents/${row.pc_id}`}?panel=inventory.agent&view=changes`}>
            {visible(row.pc_id)}
          </CellLink>
        ),
      },
      {
        id: "kind",
        title: t("change"),
        width: 110,
        grow: 0,
        card: ofPc ? "title" : undefined,
        cell: (row) => <Status tone={changeTone(row.change_kind)}>{t(`kind.${row.change_kind}`)}</Status>,
      },
      { id: "job", title: t("job"), width: 120, cell: (row) => visible(row.job_id) },
      { id: "field", title: t("field"), width: 120, cell: (row) => visible(row.field_path) },
      { id: "what", title: t("what"), width: 260, grow: 5, cell: (row) => visible(identity(row)) },
    ];
    return ofPc ? columns.filter((one) => one.id !== "pc") : columns.filter((one) => one.id !== "job");
  }, [t, ofPc]);
}

export function useKindField(): Field {
  const { t } = useTranslation("inventory");
  return useMemo(
    () => ({
      id: "kind",
      title: t("change"),
      kind: "choice",
      ops: ["eq"],
      choices: (["added", "removed", "changed"] as const).map((value) => ({
        value,
        label: t(`kind.${value}`),
      })),
      show: (value) => t(`kind.${value}`, { defaultValue: value }),
    }),
    [t],
  );
}
