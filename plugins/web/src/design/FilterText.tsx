/** A text that filters: sent a moment after the last key, so that half-typed patterns are not asked for. */
import { CloseButton, TextInput, type TextInputProps } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

interface FilterTextProps extends Omit<TextInputProps, "value" | "onChange"> {
  value: string;
  onChange: (value: string) => void;
}

const PAUSE = 300;

export function FilterText({ value, onChange, ...rest }: FilterTextProps) {
  const { t } = useTranslation("shell");
  const [shown, setShown] = useState(value);
  const sent = useRef(value);
  useEffect(() => {
    if (value !== sent.current) setShown(value); // changed by a link, or by Back
    sent.current = value;
  }, [value]);
  useEffect(() => {
    if (shown === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = shown;
      onChange(shown);
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [shown, onChange]);
  return (
    <TextInput
      {...rest}
      value={shown}
      onChange={(event) => setShown(event.currentTarget.value)}
      rightSectionPointerEvents="all"
      rightSection={
        shown ? <CloseButton size="xs" aria-label={t("clear")} onClick={() => setShown("")} /> : undefined
      }
    />
  );
}
