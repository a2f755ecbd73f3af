/** Output and payloads: text, never markup; control characters are signs; what is very long is cut at first. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { count } from "./numbers";
import styles from "./Output.module.css";
import { visible } from "./text";

const MOST = 20_000;

interface OutputProps {
  text: string;
  /** What it is, for those who hear it. */
  label: string;
  most?: number;
}

export function Output({ text, label, most = MOST }: OutputProps) {
  const { t, i18n } = useTranslation("shell");
  const [all, setAll] = useState(false);
  const cut = !all && text.length > most;
  return (
    <section aria-label={label}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <pre className={styles.output} tabIndex={0}>
        {visible(cut ? text.slice(0, most) : text)}
      </pre>
      {cut && (
        <Button size="compact-xs" mt={4} onClick={() => setAll(true)}>
          {t("output.all", { count: text.length, length: count(text.length, i18n.language) })}
        </Button>
      )}
    </section>
  );
}
