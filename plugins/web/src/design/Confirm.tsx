/** Asking before something happens that cannot be undone, or that happens to many PCs. */
import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";

/** From so many PCs on, one types their number. */
export const TYPE_FROM = 20;

export interface ConfirmProps {
  opened: boolean;
  onClose: () => void;
  /** `reason` is what was written where one is asked for, without spaces around it. */
  onConfirm: (reason: string) => void;
  /** Names the thing: "Delete job cleanup-temp". */
  title: string;
  children?: ReactNode;
  /** The word on the button: what will happen. */
  action: string;
  danger?: boolean;
  busy?: boolean;
  /** Something is still missing. */
  disabled?: boolean;
  /** How many PCs it happens to; from `TYPE_FROM` on, or with `typed`, the number has to be typed. */
  count?: number;
  /** A word: that has to be typed instead, where there is no number. */
  typed?: boolean | string;
  /** The label of a line of text that has to be filled in: why this happens. */
  reason?: string;
}

const REASON_AT_MOST = 500;

export function Confirm(props: ConfirmProps) {
  const { t } = useTranslation("shell");
  const { opened, onClose, title } = props;
  return (
    <Modal opened={opened} onClose={onClose} title={title} closeButtonProps={{ "aria-label": t("close") }}>
      {opened && <Question {...props} />}
    </Modal>
  );
}

function wordToType(count: number | undefined, typed: boolean | string | undefined): string | undefined {
  if (typeof typed === "string") return typed;
  return count !== undefined && (typed || count >= TYPE_FROM) ? String(count) : undefined;
}

/** The question without its dialog, for a form that asks at its end. */
export function Question({
  onClose,
  onConfirm,
  children,
  action,
  danger = false,
  busy = false,
  disabled = false,
  count,
  typed,
  reason,
}: Omit<ConfirmProps, "opened" | "title">) {
  const { t } = useTranslation("shell");
  const [text, setText] = useState("");
  const word = wordToType(count, typed);
  const asks = word !== undefined;
  const [why, setWhy] = useState("");
  const given = reason === undefined || why.trim() !== "";
  const right = !disabled && given && (!asks || text.trim() === word);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (right && !busy) onConfirm(why.trim());
      }}
    >
      <Stack gap="sm">
        {children && <Text component="div">{children}</Text>}
        {reason !== undefined && (
          <TextInput
            label={reason}
            value={why}
            onChange={(event) => setWhy(event.currentTarget.value)}
            required
            maxLength={REASON_AT_MOST}
            data-autofocus
          />
        )}
        {asks && (
          <TextInput
            label={count === undefined ? t("confirm.typeWord", { word }) : t("confirm.type", { count })}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            inputMode={count === undefined ? "text" : "numeric"}
            autoComplete="off"
            data-autofocus={reason === undefined ? true : undefined}
          />
        )}
        <Group justify="flex-end" gap="xs">
          <Button onClick={onClose} data-autofocus={asks || reason !== undefined ? undefined : true}>
            {t("cancel")}
          </Button>
          <Button
            type="submit"
            variant="filled"
            color={danger ? "red.8" : undefined}
            disabled={!right}
            loading={busy}
          >
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
