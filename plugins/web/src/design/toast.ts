/** Short notices, bottom right. */
import { notifications } from "@mantine/notifications";
import { i18n } from "../i18n";
import { ApiError, Unreachable } from "../lib/api";

/** What went wrong, in the server's words, or in ours where it was not heard. */
export function reason(error: unknown): string {
  if (error instanceof Unreachable) return i18n.t("shell:error.unreachable");
  if (error instanceof ApiError) return error.text || `${error.status}`;
  return error instanceof Error ? error.message : String(error);
}

const close = () => ({ "aria-label": i18n.t("shell:close") });

export const toast = {
  done(message: string): void {
    notifications.show({ message, color: "green", autoClose: 4_000, closeButtonProps: close() });
  },
  failed(error: unknown): void {
    notifications.show({
      title: i18n.t("shell:error.failed"),
      message: reason(error),
      color: "red",
      autoClose: 10_000,
      closeButtonProps: close(),
    });
  },
  /** With a way back, for what can be undone. */
  info(message: string): void {
    notifications.show({ message, autoClose: 6_000, closeButtonProps: close() });
  },
};
