/** An id, version or digest: monospace, cut in the middle, with a button that copies all of it. */
import { ActionIcon } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import styles from "./Id.module.css";
import { copy, middle, visible } from "./text";

export function CopyButton({ value, label }: { value: string; label?: string }) {
  const { t } = useTranslation("shell");
  const [copied, setCopied] = useState(false);
  const click = async () => {
    if (!(await copy(value))) return;
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <ActionIcon
      size={20}
      className={styles.copy}
      aria-label={label ?? t("copy")}
      title={label ?? t("copy")}
      onClick={click}
    >
      {copied ? <IconCheck size={13} color="var(--ok)" /> : <IconCopy size={13} />}
    </ActionIcon>
  );
}

interface IdProps {
  value: string;
  /** Characters shown before the middle is cut. */
  most?: number;
  to?: string;
  copyable?: boolean;
}

export function Id({ value, most = 22, to, copyable = true }: IdProps) {
  const text = <span className="mono">{middle(visible(value), most)}</span>;
  return (
    <span className={styles.id} title={visible(value)}>
      {to ? <Link to={to}>{text}</Link> : text}
      {copyable && <CopyButton value={value} />}
    </span>
  );
}
