/** One timeline of what happened to a PC, from all plugins that know of something. */

import { Button, Chip } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { absolute } from "../../design/Age";
import { PageLink } from "../../design/PageLink";
import { Empty, SkeletonRows } from "../../design/States";
import { Shape } from "../../design/Status";
import { visible } from "../../design/text";
import { reason } from "../../design/toast";
import { useHasPage } from "../../lib/plugins";
import { list, useUrlState } from "../../lib/urlState";
import { type Cursors, further, type Happening, merged, type Step } from "../merging";
import { type Timeline as Source, timelines, type Words } from "../timeline";
import styles from "./agent.module.css";

const shape = { hide: list() };

function useHappenings(pcId: string, sources: readonly Source[]) {
  const { i18n } = useTranslation();
  const names = sources.map((one) => one.title);
  const words: Words = (key, values) => String(i18n.t(key, values));
  const ask = async (cursors: Cursors, signal: AbortSignal): Promise<Step> => {
    const step: Step = { found: {}, failed: {} };
    const one = async (source: Source) => {
      try {
        step.found[source.title] = await source.load(pcId, cursors[source.title] ?? null, signal, words);
      } catch (error) {
        if (signal.aborted) throw error;
        step.failed[source.title] = reason(error);
      }
    };
    await Promise.all(sources.filter((source) => source.title in cursors).map(one));
    return step;
  };
  return useInfiniteQuery({
    queryKey: ["timeline", pcId, i18n.language, names],
    queryFn: ({ pageParam, signal }) => ask(pageParam, signal),
    initialPageParam: Object.fromEntries(names.map((name) => [name, null])) as Cursors,
    getNextPageParam: (_, steps) => further(steps),
    meta: { topics: sources.flatMap((one) => one.topics) },
    placeholderData: (before) => before,
  });
}

export function Timeline({ pcId }: { pcId: string }) {
  const { t, i18n } = useTranslation("heartbeat");
  const there = useHasPage();
  const [{ hide }, set] = useUrlState(shape);
  const usable = timelines.filter((one) => there(one.page));
  const query = useHappenings(
    pcId,
    usable.filter((one) => !hide.includes(one.title)),
  );
  const steps = query.data?.pages;
  const items = useMemo(() => merged(steps ?? []), [steps]);
  const failed = Object.entries(steps?.[0]?.failed ?? {});
  const toggle = (name: string) =>
    set({ hide: hide.includes(name) ? hide.filter((one) => one !== name) : [...hide, name] });
  return (
    <>
      <fieldset className={styles.sources}>
        <legend className="hidden-label">{t("agent.sources")}</legend>
        {usable.map((one) => (
          <Chip
            key={one.title}
            size="xs"
            variant="light"
            checked={!hide.includes(one.title)}
            onChange={() => toggle(one.title)}
          >
            {i18n.t(one.title)}
          </Chip>
        ))}
      </fieldset>
      {failed.map(([name, why]) => (
        <div key={name} role="alert" className="soft">
          {i18n.t(name)}: {why}
        </div>
      ))}
      {items.length === 0 && query.isPending && <SkeletonRows rows={8} />}
      {items.length === 0 && !query.isPending && (
        <Empty title={t("agent.quiet")}>{t("agent.quietText")}</Empty>
      )}
      <ol className={styles.happenings} aria-label={t("agent.timeline")}>
        {items.map((item, place) => {
          const day = absolute(item.at).slice(0, 10);
          const before = items[place - 1];
          const fresh = !before || absolute(before.at).slice(0, 10) !== day;
          return (
            <Entry
              key={`${item.source}${item.id}`}
              item={item}
              day={fresh ? day : null}
              kind={String(i18n.t(item.source))}
            />
          );
        })}
      </ol>
      {query.hasNextPage && (
        <Button onClick={() => void query.fetchNextPage()} loading={query.isFetchingNextPage} mt="sm">
          {t("agent.older")}
        </Button>
      )}
    </>
  );
}

function Entry({ item, day, kind }: { item: Happening; day: string | null; kind: string }) {
  return (
    <>
      {day && (
        <li className={styles.day}>
          <time dateTime={day}>{day}</time>
        </li>
      )}
      <li className={styles.happening}>
        <time dateTime={item.at} title={absolute(item.at)} className={styles.when}>
          {absolute(item.at).slice(11)}
        </time>
        <span
          className={styles.mark}
          style={{ color: `var(--${item.tone === "wait" || item.tone === "off" ? "idle" : item.tone})` }}
        >
          <Shape tone={item.tone} />
        </span>
        <div>
          <div className={styles.what}>
            {item.to ? <PageLink to={item.to}>{visible(item.title)}</PageLink> : visible(item.title)}{" "}
            <span className="soft">{kind}</span>
          </div>
          {item.detail && <div className={styles.detail}>{visible(item.detail)}</div>}
        </div>
      </li>
    </>
  );
}
