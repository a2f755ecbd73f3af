/** What can be done with the selection: appears with it, goes with it. */
import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../design/ActionButton";
import { total as totalText } from "../design/numbers";
import styles from "./list.module.css";
import type { BulkAction, Selected } from "./types";

interface BulkBarProps<R> {
  selected: Selected<R>;
  actions: readonly BulkAction<R>[];
  /** All that match, when not all of them are selected yet. */
  total: number | null;
  more: boolean;
  onEverything?: () => void;
}

export function BulkBar<R>({ selected, actions, total, more, onEverything }: BulkBarProps<R>) {
  const { t, i18n } = useTranslation("list");
  const rest = onEverything && !selected.all && total !== null && (total > selected.count || more);
  return (
    <section className={styles.bulk} aria-label={t("selection")}>
      <span aria-live="polite">
        <strong>
          {t("selected", {
            count: selected.count,
            shown: totalText(selected.count, !selected.more, i18n.language),
          })}
        </strong>
      </span>
      {rest && (
        <Button variant="subtle" size="compact-xs" onClick={onEverything}>
          {t("selectEverything", { shown: totalText(total, !more, i18n.language) })}
        </Button>
      )}
      <span className={styles.bulkActions}>
        {actions.map((action) => (
          <ActionButton
            key={action.id}
            needs={action.role ?? "viewer"}
            leftSection={action.icon && <action.icon size={14} />}
            danger={action.danger}
            onClick={() => action.run(selected)}
          >
            {action.title}
          </ActionButton>
        ))}
      </span>
      <Tooltip label={t("clearSelection")}>
        <ActionIcon onClick={selected.clear} aria-label={t("clearSelection")}>
          <IconX size={15} />
        </ActionIcon>
      </Tooltip>
    </section>
  );
}
