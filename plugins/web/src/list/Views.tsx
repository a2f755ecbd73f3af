/** Saved views: a list's filters, sort and columns under a name, kept on the server for whoever saved them. */
import { ActionIcon, Button, Group, Menu, Modal, Stack, TextInput } from "@mantine/core";
import { IconBookmark, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "../design/toast";
import { usePreference } from "../lib/preferences";
import styles from "./list.module.css";
import { type ListState, readFilter, writeFilter } from "./state";

export interface SavedView {
  name: string;
  q?: string;
  f?: readonly string[];
  sort?: string;
  cols?: readonly string[];
}

const MOST = 100;

export function viewOf(name: string, state: ListState): SavedView {
  return {
    name,
    ...(state.q && { q: state.q }),
    ...(state.filters.length > 0 && { f: state.filters.map(writeFilter) }),
    ...(state.sort && { sort: state.sort }),
    ...(state.columns && { cols: state.columns }),
  };
}

export function ViewsMenu({ list, state }: { list: string; state: ListState }) {
  const { t } = useTranslation("list");
  const [views, setViews] = usePreference<readonly SavedView[]>(`list.${list}.views`, []);
  const [naming, setNaming] = useState(false);
  const open = (view: SavedView) =>
    state.apply({
      q: view.q ?? "",
      filters: (view.f ?? []).map(readFilter).filter((one) => one !== null),
      sort: view.sort ?? "",
      columns: view.cols ?? null,
    });
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button leftSection={<IconBookmark size={14} />}>{t("views")}</Button>
        </Menu.Target>
        <Menu.Dropdown className={styles.menu}>
          {views.length === 0 && <Menu.Label>{t("noViews")}</Menu.Label>}
          {views.map((view) => (
            <div key={view.name} className={styles.view}>
              <Menu.Item onClick={() => open(view)}>{view.name}</Menu.Item>
              <ActionIcon
                aria-label={t("deleteView", { name: view.name })}
                onClick={() => setViews(views.filter((one) => one.name !== view.name))}
              >
                <IconTrash size={14} />
              </ActionIcon>
            </div>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={() => setNaming(true)} disabled={views.length >= MOST}>
            {t("saveView")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={naming} onClose={() => setNaming(false)} title={t("saveView")}>
        <NameView
          taken={views.map((one) => one.name)}
          onSave={(name) => {
            setNaming(false);
            const saved = [...views.filter((one) => one.name !== name), viewOf(name, state)];
            setViews(saved.sort((a, b) => a.name.localeCompare(b.name)));
            toast.done(t("viewSaved", { name }));
          }}
        />
      </Modal>
    </>
  );
}

function NameView({ taken, onSave }: { taken: readonly string[]; onSave: (name: string) => void }) {
  const { t } = useTranslation("list");
  const [name, setName] = useState("");
  const trimmed = name.trim();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (trimmed) onSave(trimmed);
      }}
    >
      <Stack>
        <TextInput
          label={t("viewName")}
          description={taken.includes(trimmed) ? t("viewReplaces") : t("viewKeeps")}
          maxLength={80}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        <Group justify="flex-end">
          <Button type="submit" variant="filled" disabled={!trimmed}>
            {t("save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
