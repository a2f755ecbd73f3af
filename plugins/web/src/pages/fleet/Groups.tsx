/** Groups: who is in them, by hand or by a filter. */
import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { Age } from "../../design/Age";
import { count } from "../../design/numbers";
import { PageHead } from "../../design/PageHead";
import { Status } from "../../design/Status";
import { visible } from "../../design/text";
import { text, useUrlState } from "../../lib/urlState";
import { CellLink } from "../../list/CellLink";
import { List } from "../../list/List";
import { listUrl } from "../../list/state";
import type { Column } from "../../list/types";
import { GroupDrawer } from "./GroupDrawer";
import { type Group, useGroupSource } from "./groups";
import { NewGroup } from "./NewGroup";

const shape = { group: text() };

export default function Groups() {
  const { t, i18n } = useTranslation("fleet");
  const [{ group }, set] = useUrlState(shape);
  const [making, dialog] = useDisclosure(false);
  const source = useGroupSource();
  const columns = useMemo<Column<Group>[]>(
    () => [
      {
        id: "name",
        title: t("group.name"),
        width: 180,
        grow: 2,
        fixed: true,
        card: "title",
        cell: (row) => <strong>{visible(row.name)}</strong>,
      },
      {
        id: "kind",
        title: t("group.kind"),
        width: 120,
        card: "badge",
        cell: (row) =>
          row.problem ? (
            <Status tone="warn" title={row.problem}>
              {t("group.stuck")}
            </Status>
          ) : (
            t(`group.${row.kind}`)
          ),
      },
      {
        id: "members",
        title: t("group.members"),
        width: 90,
        align: "end",
        cell: (row) => (
          <CellLink to={listUrl("/agents", { filters: [{ field: "group", op: "eq", value: row.name }] })}>
            {count(row.members, i18n.language)}
          </CellLink>
        ),
      },
      {
        id: "config",
        title: t("config.title"),
        width: 150,
        cell: (row) =>
          row.has_config ? (
            <CellLink to={`/config?scope=group&group=${encodeURIComponent(row.name)}`}>
              {t("group.hasConfig")}
            </CellLink>
          ) : (
            <span className="soft">—</span>
          ),
      },
      {
        id: "description",
        title: t("group.description"),
        width: 200,
        grow: 4,
        cell: (row) => visible(row.description ?? "—"),
      },
      {
        id: "evaluated",
        title: t("group.evaluated"),
        width: 120,
        cell: (row) => <Age at={row.evaluated_at} />,
      },
    ],
    [t, i18n.language],
  );
  return (
    <>
      <PageHead
        title={t("group.title")}
        about={t("group.about")}
        actions={
          <ActionButton
            needs="operator"
            variant="filled"
            leftSection={<IconPlus size={14} />}
            onClick={dialog.open}
          >
            {t("group.new")}
          </ActionButton>
        }
      />
      <List
        id="groups"
        label={t("group.title")}
        unit={(count) => t("group.unit", { count })}
        search={t("group.search")}
        columns={columns}
        source={source}
        onOpen={(row) => set({ group: row.name }, { push: true })}
        empty={{
          title: t("group.emptyTitle"),
          text: t("group.emptyText"),
          action: <Button onClick={dialog.open}>{t("group.new")}</Button>,
        }}
      />
      <NewGroup
        opened={making}
        onClose={dialog.close}
        onMade={(name) => {
          dialog.close();
          set({ group: name }, { push: true });
        }}
      />
      <GroupDrawer name={group} onClose={() => set({ group: "" })} />
    </>
  );
}
