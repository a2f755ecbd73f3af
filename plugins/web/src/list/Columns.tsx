/** Which columns are shown. */
import { Button, Menu } from "@mantine/core";
import { IconColumns3 } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import styles from "./list.module.css";
import type { Column } from "./types";

interface ColumnsProps<R> {
  columns: readonly Column<R>[];
  shown: readonly Column<R>[];
  onChoose: (ids: readonly string[] | null) => void;
}

export function ColumnsMenu<R>({ columns, shown, onChoose }: ColumnsProps<R>) {
  const { t } = useTranslation("list");
  const ids = new Set(shown.map((one) => one.id));
  const toggle = (id: string) => {
    const next = columns
      .filter((one) => (one.id === id ? !ids.has(id) : ids.has(one.id)))
      .map((one) => one.id);
    const usual = columns.filter((one) => !one.optional).map((one) => one.id);
    onChoose(next.join() === usual.join() ? null : next);
  };
  return (
    <Menu position="bottom-end" closeOnItemClick={false}>
      <Menu.Target>
        <Button leftSection={<IconColumns3 size={14} />}>{t("columns")}</Button>
      </Menu.Target>
      <Menu.Dropdown className={styles.menu}>
        {columns
          .filter((one) => !one.fixed)
          .map((one) => (
            <Menu.CheckboxItem key={one.id} checked={ids.has(one.id)} onChange={() => toggle(one.id)}>
              {one.title}
            </Menu.CheckboxItem>
          ))}
        <Menu.Divider />
        <Menu.Item onClick={() => onChoose(null)}>{t("usualColumns")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
