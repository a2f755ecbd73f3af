/** The end of an agent's log: searched, followed, copied. */
import { Button, NumberInput, Switch, TextInput } from "@mantine/core";
import { IconCopy, IconDownload, IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useLayoutEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Age } from "../../design/Age";
import { count } from "../../design/numbers";
import { Failure, SkeletonRows } from "../../design/States";
import { copy, visible } from "../../design/text";
import { toast } from "../../design/toast";
import { api, path } from "../../lib/api";
import { flag, number, text, useUrlState } from "../../lib/urlState";
import styles from "./fleet.module.css";

const shape = { tail: number(500, 1, 5_000), follow: flag(), find: text() };
const EVERY = 5_000;

export function Log({ pcId }: { pcId: string }) {
  const { t, i18n } = useTranslation("fleet");
  const [{ tail, follow, find }, set] = useUrlState(shape);
  const query = useQuery({
    queryKey: ["log", pcId, tail],
    queryFn: ({ signal }) =>
      api.get<string>(path`/api/agents/${pcId}/logs`, { query: { tail }, text: true, signal }),
    refetchInterval: follow ? EVERY : false,
    placeholderData: (before) => before,
    staleTime: 0,
    retry: false,
  });
  const lines = useMemo(() => (query.data ?? "").replace(/\n$/, "").split("\n"), [query.data]);
  const words = find.trim().toLowerCase();
  const shown = useMemo(
    () => (words ? lines.filter((one) => one.toLowerCase().includes(words)) : lines),
    [lines, words],
  );
  const body = useMemo(() => visible(shown.join("\n")), [shown]);
  const box = useFollowing(body);
  const save = () => {
    const address = URL.createObjectURL(new Blob([query.data ?? ""], { type: "text/plain" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = `${pcId}.log`;
    link.click();
    URL.revokeObjectURL(address);
  };
  return (
    <>
      <div className={styles.choose}>
        <TextInput
          type="search"
          aria-label={t("log.find")}
          placeholder={t("log.find")}
          w={220}
          value={find}
          onChange={(event) => set({ find: event.currentTarget.value })}
        />
        <NumberInput
          aria-label={t("log.tail")}
          suffix={` ${t("log.lines")}`}
          size="xs"
          w={130}
          min={1}
          max={5_000}
          step={500}
          value={tail}
          onChange={(value) => typeof value === "number" && set({ tail: value })}
        />
        <Switch
          size="xs"
          label={t("log.follow")}
          checked={follow}
          onChange={(event) => set({ follow: event.currentTarget.checked })}
        />
        <Button
          leftSection={<IconRefresh size={14} />}
          loading={query.isFetching && !follow}
          onClick={() => void query.refetch()}
        >
          {t("log.refresh")}
        </Button>
        <Button
          leftSection={<IconCopy size={14} />}
          onClick={async () => {
            if (await copy(shown.join("\n"))) toast.done(t("log.copied"));
          }}
          disabled={!query.data}
        >
          {t("log.copy")}
        </Button>
        <Button leftSection={<IconDownload size={14} />} onClick={save} disabled={!query.data}>
          {t("log.save")}
        </Button>
        <span className="soft">
          {query.data !== undefined &&
            t("log.count", { count: shown.length, shown: count(shown.length, i18n.language) })}
          {" · "}
          {query.dataUpdatedAt > 0 && <Age at={new Date(query.dataUpdatedAt).toISOString()} />}
        </span>
      </div>
      {query.error && <Failure inline error={query.error} retry={() => void query.refetch()} />}
      {query.data === undefined && query.isPending && <SkeletonRows rows={14} />}
      {query.data !== undefined && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
        <pre ref={box} role="log" className={styles.log} tabIndex={0} aria-label={t("log.title")}>
          {body}
        </pre>
      )}
    </>
  );
}

/** Stays at the end while one is at the end, and where one is otherwise. */
function useFollowing(body: string) {
  const box = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    if (body !== "" && atEnd.current) element.scrollTop = element.scrollHeight;
    const scrolled = () => {
      atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 24;
    };
    element.addEventListener("scroll", scrolled, { passive: true });
    return () => element.removeEventListener("scroll", scrolled);
  }, [body]);
  return box;
}
