/** A button that only some roles may press: the others see it, disabled, and which role may. */
import { Button, type ButtonProps, Tooltip } from "@mantine/core";
import type { MouseEventHandler } from "react";
import { useTranslation } from "react-i18next";
import { type Role, useMay } from "../lib/me";
import styles from "./ActionButton.module.css";

interface ActionButtonProps extends Omit<ButtonProps, "color"> {
  needs: Role;
  /** It ends or deletes something. */
  danger?: boolean;
  onClick?: MouseEventHandler<HTMLButtonElement>;
  /** Why it cannot be pressed now, whoever one is. */
  blocked?: string;
  type?: "button" | "submit";
}

export function ActionButton({ needs, blocked, onClick, danger = false, ...given }: ActionButtonProps) {
  const { t } = useTranslation("shell");
  const may = useMay(needs);
  const why = may ? blocked : t("needs", { role: t(`role.${needs}`) });
  const rest = danger ? { ...given, className: styles.danger } : given;
  if (!why) return <Button {...rest} onClick={onClick} />;
  return (
    <Tooltip label={why} openDelay={100} events={{ hover: true, focus: true, touch: true }}>
      <Button {...rest} data-disabled aria-disabled onClick={(event) => event.preventDefault()} />
    </Tooltip>
  );
}

/** Why this role may not, or undefined when it may: for menu items and rows. */
export function useRefusal(needs: Role): string | undefined {
  const { t } = useTranslation("shell");
  return useMay(needs) ? undefined : t("needs", { role: t(`role.${needs}`) });
}
