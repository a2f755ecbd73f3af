/** Keyboard: help, and going to a page of the menu by its number. */
import { Modal, Table } from "@mantine/core";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useContributions } from "../lib/plugins";
import { inMenu } from "./Menu";

/** Whether a key belongs to what is being typed into. */
export function typing(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  return (
    event.defaultPrevented ||
    target?.isContentEditable === true ||
    /^(input|textarea|select)$/i.test(target?.tagName ?? "")
  );
}

export function useKeys(help: () => void): void {
  const navigate = useNavigate();
  const { rows } = useContributions();
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (typing(event) || event.ctrlKey || event.metaKey) return;
      if (event.key === "?") help();
      const place = event.altKey && /^Digit[1-9]$/.test(event.code) ? Number(event.code.slice(5)) : 0;
      const page = place > 0 ? rows.filter(inMenu)[place - 1] : undefined;
      if (!page) return;
      event.preventDefault();
      navigate(page.path);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [help, navigate, rows]);
}

const KEYS = [
  ["Ctrl K", "palette"],
  ["/", "filter"],
  ["j k", "move"],
  ["x", "select"],
  ["Enter", "open"],
  ["Esc", "back"],
  ["Alt 1–9", "go"],
  ["?", "help"],
] as const;

export function KeyHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation("shell");
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("keys.title")}
      closeButtonProps={{ "aria-label": t("close") }}
    >
      <Table verticalSpacing={4}>
        <Table.Tbody>
          {KEYS.map(([key, what]) => (
            <Table.Tr key={key}>
              <Table.Td w={90}>
                <kbd className="mono">{key}</kbd>
              </Table.Td>
              <Table.Td>{t(`keys.${what}`)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
