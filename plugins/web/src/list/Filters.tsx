/** The filters of a list as chips, and the menu that adds one. */
import {
  ActionIcon,
  Button,
  Combobox,
  Group,
  Menu,
  Popover,
  Select,
  Stack,
  TextInput,
  useCombobox,
} from "@mantine/core";
import { IconFilter, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { count } from "../design/numbers";
import { visible } from "../design/text";
import styles from "./list.module.css";
import type { Choice, Field, Filter, Operator } from "./types";

const OPS: Record<Field["kind"], readonly Operator[]> = {
  text: ["contains", "eq", "ne", "prefix", "suffix"],
  number: ["eq", "ne", "lt", "le", "gt", "ge"],
  time: ["ge", "lt"],
  choice: ["eq", "ne"],
};
const VALUELESS: readonly Operator[] = ["none", "some"];

interface FiltersProps {
  fields: readonly Field[];
  filters: readonly Filter[];
  onChange: (filters: readonly Filter[]) => void;
}

export function FilterChips({ fields, filters, onChange }: FiltersProps) {
  const { t } = useTranslation("list");
  if (filters.length === 0) return null;
  return (
    <div className={styles.chips}>
      {filters.map((filter, place) => (
        <Chip
          // biome-ignore lint/suspicious/noArrayIndexKey: a filter is its place
          key={place}
          field={fields.find((one) => one.id === filter.field)}
          filter={filter}
          onChange={(changed) => onChange(filters.map((one, n) => (n === place ? changed : one)))}
          onRemove={() => onChange(filters.filter((_, n) => n !== place))}
        />
      ))}
      {filters.length > 1 && (
        <Button variant="subtle" size="compact-xs" onClick={() => onChange([])}>
          {t("clearFilters")}
        </Button>
      )}
    </div>
  );
}

interface ChipProps {
  field: Field | undefined;
  filter: Filter;
  onChange: (filter: Filter) => void;
  onRemove: () => void;
}

function Chip({ field, filter, onChange, onRemove }: ChipProps) {
  const { t } = useTranslation("list");
  const [opened, setOpened] = useState(false);
  const value =
    field?.show?.(filter.value) ?? (filter.value === "" ? t("emptyValue") : visible(filter.value));
  const words = (
    <>
      <span className="soft">{field?.title ?? filter.field}</span>{" "}
      <span className="soft">{t(`op.${filter.op}`)}</span>{" "}
      {!VALUELESS.includes(filter.op) && <strong>{value}</strong>}
    </>
  );
  return (
    <span className={styles.chip}>
      {field && !field.hidden ? (
        <Popover opened={opened} onChange={setOpened} trapFocus position="bottom-start" withRoles={false}>
          <Popover.Target>
            <button
              type="button"
              className={styles.chipText}
              onClick={() => setOpened(!opened)}
              aria-expanded={opened}
            >
              {words}
            </button>
          </Popover.Target>
          <Popover.Dropdown>
            <Editor
              field={field}
              start={filter}
              onDone={(changed) => {
                setOpened(false);
                onChange(changed);
              }}
            />
          </Popover.Dropdown>
        </Popover>
      ) : (
        <span className={styles.chipText}>{words}</span>
      )}
      <ActionIcon
        size={24}
        onClick={onRemove}
        aria-label={t("removeFilter", { field: field?.title ?? filter.field })}
      >
        <IconX size={12} />
      </ActionIcon>
    </span>
  );
}

/** Choose a field, then a comparison and a value. */
export function AddFilter({ fields, filters, onChange }: FiltersProps) {
  const { t } = useTranslation("list");
  const [field, setField] = useState<Field | null>(null);
  const offered = fields.filter((one) => !one.hidden);
  if (offered.length === 0) return null;
  return (
    <Popover
      opened={field !== null}
      onChange={(open) => !open && setField(null)}
      trapFocus
      position="bottom-start"
      withRoles={false}
    >
      <Popover.Target>
        <span>
          <Menu position="bottom-start">
            <Menu.Target>
              <Button leftSection={<IconFilter size={14} />}>{t("filter")}</Button>
            </Menu.Target>
            <Menu.Dropdown className={styles.menu}>
              {offered.map((one) => (
                <Menu.Item key={one.id} onClick={() => setTimeout(() => setField(one), 0)}>
                  {one.title}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        </span>
      </Popover.Target>
      <Popover.Dropdown>
        {field && (
          <Editor
            key={field.id}
            field={field}
            onDone={(filter) => {
              setField(null);
              onChange([...filters, filter]);
            }}
          />
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

function Editor({
  field,
  start,
  onDone,
}: {
  field: Field;
  start?: Filter;
  onDone: (filter: Filter) => void;
}) {
  const { t } = useTranslation("list");
  const ops = field.ops ?? OPS[field.kind];
  const [op, setOp] = useState<Operator>(start?.op ?? ops[0] ?? "eq");
  const [value, setValue] = useState(start?.value ?? "");
  const done = (chosen = value) =>
    onDone({ field: field.id, op, value: VALUELESS.includes(op) ? "" : chosen });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        done();
      }}
    >
      <Stack gap="xs" w={260}>
        <Group gap="xs" wrap="nowrap" justify="space-between">
          <strong>{field.title}</strong>
          {ops.length > 1 && (
            <Select
              aria-label={t("comparison")}
              w={140}
              value={op}
              onChange={(chosen) => chosen && setOp(chosen as Operator)}
              data={ops.map((one) => ({ value: one, label: t(`op.${one}`) }))}
              comboboxProps={{ withinPortal: false }}
            />
          )}
        </Group>
        {!VALUELESS.includes(op) &&
          (field.kind === "choice" ? (
            <Choices field={field} value={value} onChoose={done} />
          ) : (
            <TextInput
              aria-label={t("value")}
              data-autofocus
              type={field.kind === "time" ? "datetime-local" : field.kind === "number" ? "number" : "text"}
              step={field.kind === "number" ? "any" : undefined}
              value={field.kind === "time" ? local(value) : value}
              onChange={(event) =>
                setValue(
                  field.kind === "time" ? instant(event.currentTarget.value) : event.currentTarget.value,
                )
              }
            />
          ))}
        {(field.kind !== "choice" || VALUELESS.includes(op)) && (
          <Group justify="flex-end">
            <Button type="submit" variant="filled">
              {t("apply")}
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  );
}

/** Values with their counts; what is typed narrows them, and may be taken as it is. */
function Choices({
  field,
  value,
  onChoose,
}: {
  field: Field;
  value: string;
  onChoose: (value: string) => void;
}) {
  const { t, i18n } = useTranslation("list");
  const [typed, setTyped] = useState("");
  const combobox = useCombobox({ opened: true });
  const given = field.choices;
  const asks = typeof given === "function";
  const answer = useQuery({
    queryKey: ["choices", field.id, typed],
    queryFn: ({ signal }) => (asks ? given(typed, signal) : []),
    enabled: asks,
    staleTime: 30_000,
    placeholderData: (before) => before,
  });
  const all: readonly Choice[] = asks ? (answer.data ?? []) : (given ?? []);
  const words = typed.trim().toLowerCase();
  const shown = all
    .filter((one) => !words || `${one.label ?? ""} ${one.value}`.toLowerCase().includes(words))
    .slice(0, 200);
  return (
    <Combobox store={combobox} onOptionSubmit={onChoose}>
      <Combobox.EventsTarget>
        <TextInput
          aria-label={t("value")}
          placeholder={t("searchValues")}
          data-autofocus
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            combobox.selectFirstOption();
          }}
        />
      </Combobox.EventsTarget>
      <Combobox.Options className={styles.options} aria-label={field.title}>
        {shown.map((one) => (
          <Combobox.Option key={one.value} value={one.value} active={one.value === value}>
            <span className={styles.option}>
              <span>{one.label ?? (one.value === "" ? t("emptyValue") : visible(one.value))}</span>
              {one.count !== undefined && <span className="soft">{count(one.count, i18n.language)}</span>}
            </span>
          </Combobox.Option>
        ))}
        {words && !all.some((one) => one.value === typed.trim()) && (
          <Combobox.Option value={typed.trim()}>{t("exactly", { value: typed.trim() })}</Combobox.Option>
        )}
        {shown.length === 0 && !words && (
          <Combobox.Empty>
            {answer.isPending && asks ? t("loading") : (answer.error?.message ?? t("noValues"))}
          </Combobox.Empty>
        )}
      </Combobox.Options>
    </Combobox>
  );
}

/** What a `datetime-local` field holds, for an instant. */
function local(at: string): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return "";
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function instant(text: string): string {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? "" : time.toISOString();
}
