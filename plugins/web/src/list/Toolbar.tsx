/** Above the rows: search, filters, how many there are, and what can be done with the list itself. */
import { Button, CloseButton, Kbd, Menu, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconDownload, IconSearch } from "@tabler/icons-react";
import { type ReactNode, type RefObject, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { total as totalText } from "../design/numbers";
import { toast } from "../design/toast";
import { ColumnsMenu } from "./Columns";
import { download, fileName } from "./exporting";
import { AddFilter, FilterChips } from "./Filters";
import styles from "./list.module.css";
import type { Rows } from "./rows";
import type { ListState } from "./state";
import type { Asked, Column, Field, Source, Unit } from "./types";
import { ViewsMenu } from "./Views";

interface ToolbarProps<R> {
  /** Whether this list may have saved views. */
  views: boolean;
  state: ListState;
  asked: Asked;
  source: Source<R>;
  data: Rows<R>;
  columns: readonly Column<R>[];
  shown: readonly Column<R>[];
  onColumns: (ids: readonly string[] | null) => void;
  fields: readonly Field[];
  search?: string;
  searchBox: RefObject<HTMLInputElement | null>;
  onLeaveSearch: () => void;
  extra?: ReactNode;
  narrow: boolean;
  unit: Unit;
}

export function Toolbar<R>(props: ToolbarProps<R>) {
  const { state, source, data, columns, shown, fields, narrow } = props;
  return (
    <div className={styles.toolbar}>
      <div className={styles.bar}>
        {props.search && <SearchBox {...props} placeholder={props.search} />}
        <AddFilter fields={fields} filters={state.filters} onChange={state.filter} />
        {props.extra}
        <Total data={data} unit={props.unit} />
        <div className={styles.barEnd}>
          {props.views && <ViewsMenu />}
          {!narrow && <ColumnsMenu columns={columns} shown={shown} onChoose={props.onColumns} />}
          {source.export && <ExportMenu of={source.export} asked={props.asked} data={data} />}
        </div>
      </div>
      <FilterChips fields={fields} filters={state.filters} onChange={state.filter} />
    </div>
  );
}

function SearchBox<R>({
  state,
  searchBox,
  placeholder,
  onLeaveSearch,
}: ToolbarProps<R> & { placeholder: string }) {
  const { t } = useTranslation("list");
  const [typed, setTyped] = useState(state.q);
  const say = useDebouncedCallback(state.search, 250);
  useEffect(() => setTyped(state.q), [state.q]);
  const change = (value: string) => {
    setTyped(value);
    say(value);
  };
  return (
    <TextInput
      ref={searchBox}
      type="search"
      className={styles.search}
      aria-label={placeholder}
      placeholder={placeholder}
      leftSection={<IconSearch size={14} />}
      rightSection={
        typed ? (
          <CloseButton size="xs" aria-label={t("clearSearch")} onClick={() => change("")} />
        ) : (
          <Kbd className={styles.kbd}>/</Kbd>
        )
      }
      value={typed}
      onChange={(event) => change(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Escape" && typed) change("");
        else if (event.key === "Enter" || event.key === "ArrowDown" || event.key === "Escape")
          onLeaveSearch();
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}

function Total<R>({ data, unit }: { data: Rows<R>; unit: Unit }) {
  const { t, i18n } = useTranslation("list");
  if (data.loading || data.error) return <span className={styles.total} />;
  const [n, exact] = data.total === null ? [data.known, data.known === data.count] : [data.total, !data.more];
  const shown = totalText(n, exact, i18n.language);
  return (
    <span className={styles.total} aria-live="polite">
      {t("total", { shown, unit: typeof unit === "string" ? unit : unit(n) })}
    </span>
  );
}

function ExportMenu<R>({
  of,
  asked,
  data,
}: {
  of: NonNullable<Source<R>["export"]>;
  asked: Asked;
  data: Rows<R>;
}) {
  const { t } = useTranslation("list");
  const [busy, setBusy] = useState(false);
  const save = async (format: "csv" | "json") => {
    setBusy(true);
    try {
      const cut = await download(of.path, { ...of.query(asked), format }, fileName(of.name, format));
      if (cut) toast.info(t("exportCut"));
    } catch (error) {
      toast.failed(error);
    }
    setBusy(false);
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button leftSection={<IconDownload size={14} />} loading={busy} disabled={data.count === 0}>
          {t("export")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("exportWhat")}</Menu.Label>
        {of.formats.map((format) => (
          <Menu.Item key={format} onClick={() => void save(format)}>
            {t(`format.${format}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

interface FreshRowsProps {
  count: number;
  /** And others beside these. */
  more: boolean;
  onShow: () => void;
}

/** Rows that came at the head: shown when somebody asks for them. */
export function FreshRows({ count, more, onShow }: FreshRowsProps) {
  const { t } = useTranslation("list");
  if (count === 0) return null;
  return (
    <div className={styles.fresh}>
      <Button size="compact-xs" variant="filled" radius="xl" onClick={onShow}>
        {more ? t("freshMore", { shown: count }) : t("fresh", { count })}
      </Button>
    </div>
  );
}
