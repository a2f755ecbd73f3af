/** A text that filters: sent a moment after the last key, so that half-typed patterns are not asked for. */
import { CloseButton, Group, TextInput, type TextInputProps } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
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

interface FilterLineProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** What is left and how many of them: "12 jobs". */
  total: string;
}

/** Above a short table: the same head as that of a list. */
export function FilterLine({ label, value, onChange, total }: FilterLineProps) {
  return (
    <Group gap="sm" mb="sm">
      <FilterText
        type="search"
        w="18rem"
        maw="100%"
        aria-label={label}
        placeholder={label}
        leftSection={<IconSearch size={14} />}
        value={value}
        onChange={onChange}
      />
      <span className="soft" aria-live="polite">
        {total}
      </span>
    </Group>
  );
}
