/** Chooses a range of time: a preset, or two moments. Charts and tables of a page share one. */
import { Button, Group, Popover, SegmentedControl, Stack, TextInput } from "@mantine/core";
import { IconZoomOut } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { absolute } from "../design/Age";
import styles from "./charts.module.css";
import { PRESETS, type Range, type RangeState } from "./range";

interface RangePickerProps {
  state: RangeState;
  presets?: readonly string[];
}

const USUAL = ["1h", "6h", "24h", "7d", "30d"];

export function RangePicker({ state, presets = USUAL }: RangePickerProps) {
  const { t } = useTranslation("charts");
  const { range } = state;
  const offered = PRESETS.filter((one) => presets.includes(one.id));
  return (
    <Group gap="xs">
      <SegmentedControl
        size="xs"
        aria-label={t("range")}
        value={range.preset ?? ""}
        onChange={state.preset}
        data={offered.map((one) => ({ value: one.id, label: t(`preset.${one.id}`) }))}
      />
      <Custom key={`${range.from.getTime()}-${range.preset}`} state={state} />
      {range.preset === null && (
        <Button variant="subtle" leftSection={<IconZoomOut size={14} />} onClick={() => zoomOut(state)}>
          {t("zoomOut")}
        </Button>
      )}
    </Group>
  );
}

/** Twice as much time around the same middle, but nothing of the future. */
function zoomOut({ range, between }: RangeState): void {
  const [from, to] = [range.from.getTime(), range.to.getTime()];
  const half = (to - from) / 2;
  const end = Math.min(Date.now(), to + half);
  between(new Date(end - 2 * (to - from)), new Date(end));
}

function Custom({ state }: { state: RangeState }) {
  const { t } = useTranslation("charts");
  const [opened, setOpened] = useState(false);
  const { range } = state;
  const label =
    range.preset === null
      ? `${absolute(range.from.getTime())} – ${absolute(range.to.getTime())}`
      : t("custom");
  return (
    <Popover opened={opened} onChange={setOpened} trapFocus position="bottom-end" withRoles={false}>
      <Popover.Target>
        <Button onClick={() => setOpened(!opened)} aria-expanded={opened} className={styles.custom}>
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Moments
          range={range}
          onDone={(from, to) => {
            setOpened(false);
            state.between(from, to);
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

function Moments({ range, onDone }: { range: Range; onDone: (from: Date, to: Date) => void }) {
  const { t } = useTranslation("charts");
  const [from, setFrom] = useState(local(range.from));
  const [to, setTo] = useState(local(range.to));
  const [start, end] = [new Date(from), new Date(to)];
  const good = start < end;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (good) onDone(start, end);
      }}
    >
      <Stack gap="xs">
        <TextInput
          type="datetime-local"
          label={t("from")}
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
          data-autofocus
        />
        <TextInput
          type="datetime-local"
          label={t("to")}
          value={to}
          onChange={(event) => setTo(event.currentTarget.value)}
          error={good ? undefined : t("backwards")}
        />
        <Button type="submit" variant="filled" disabled={!good}>
          {t("apply")}
        </Button>
      </Stack>
    </form>
  );
}

function local(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
