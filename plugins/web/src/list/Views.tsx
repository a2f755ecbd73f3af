/** The menu of saved views. */
import { ActionIcon, Button, Group, Menu, Modal, Stack, Switch, TextInput } from "@mantine/core";
import { IconBookmark, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useNavigate } from "react-router";
import { reason } from "../design/toast";
import { ApiError } from "../lib/api";
import styles from "./list.module.css";
import { type SavedView, useDeleteView, useSaveView, useViews } from "./views";

export function ViewsMenu() {
  const { t } = useTranslation("list");
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const views = useViews(pathname);
  const remove = useDeleteView();
  const [naming, setNaming] = useState(false);
  if (views.error instanceof ApiError && views.error.status === 404) return null; // nobody keeps any here
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button leftSection={<IconBookmark size={14} />}>{t("views")}</Button>
        </Menu.Target>
        <Menu.Dropdown className={styles.menu}>
          {views.error && <Menu.Label>{reason(views.error)}</Menu.Label>}
          {views.data?.length === 0 && <Menu.Label>{t("noViews")}</Menu.Label>}
          {views.data?.map((view) => (
            <div key={view.view_id} className={styles.view}>
              <Menu.Item
                onClick={() => navigate({ pathname, search: view.state })}
                rightSection={view.mine ? undefined : <span className="soft">{view.owner}</span>}
              >
                {view.name}
              </Menu.Item>
              {view.mine && (
                <ActionIcon
                  aria-label={t("deleteView", { name: view.name })}
                  onClick={() => remove.mutate(view)}
                >
                  <IconTrash size={14} />
                </ActionIcon>
              )}
            </div>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={() => setNaming(true)}>{t("saveView")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={naming} onClose={() => setNaming(false)} title={t("saveView")}>
        <NameView views={views.data ?? []} onDone={() => setNaming(false)} />
      </Modal>
    </>
  );
}

function NameView({ views, onDone }: { views: readonly SavedView[]; onDone: () => void }) {
  const { t } = useTranslation("list");
  const { pathname, search } = useLocation();
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  const save = useSaveView(pathname, (saved) => t("viewSaved", { name: saved }), onDone);
  const trimmed = name.trim();
  const before = views.find((one) => one.mine && one.name === trimmed);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (trimmed) save.mutate({ name: trimmed, state: search.replace(/^\?/, ""), shared, before });
      }}
    >
      <Stack>
        <TextInput
          label={t("viewName")}
          description={before ? t("viewReplaces") : t("viewKeeps")}
          maxLength={80}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        <Switch
          label={t("viewShared")}
          checked={shared}
          onChange={(event) => setShared(event.currentTarget.checked)}
        />
        <Group justify="flex-end">
          <Button type="submit" variant="filled" disabled={!trimmed} loading={save.isPending}>
            {t("save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
