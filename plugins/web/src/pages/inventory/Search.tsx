/** Which PCs have it? One search over everything that inventory knows. */

import { Anchor, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQueries } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { total } from "../../design/numbers";
import { PageHead, Section } from "../../design/PageHead";
import { PageLink } from "../../design/PageLink";
import { Empty, Loaded, SkeletonRows } from "../../design/States";
import { visible } from "../../design/text";
import { reason } from "../../design/toast";
import { api, path } from "../../lib/api";
import { text, useUrlState } from "../../lib/urlState";
import styles from "./inventory.module.css";
import { type InventoryJob, rendered, useInventoryJobs } from "./jobs";
import { NoJobs } from "./NoJobs";
import { columnsOf, tablePath } from "./source";

const shape = { q: text() };

export default function Search() {
  const { t } = useTranslation("inventory");
  const jobs = useInventoryJobs();
  const [{ q }, set] = useUrlState(shape);
  const [typed, setTyped] = useState(q);
  const say = useDebouncedCallback((value: string) => set({ q: value }), 300);
  return (
    <>
      <PageHead title={t("searchTitle")} about={t("searchAbout")} />
      <TextInput
        type="search"
        size="sm"
        maw={520}
        mb="md"
        aria-label={t("searchTitle")}
        placeholder={t("searchFor")}
        leftSection={<IconSearch size={15} />}
        value={typed}
        autoFocus
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          say(event.currentTarget.value);
        }}
      />
      <Loaded of={jobs}>
        {(found) =>
          found.length === 0 ? (
            <NoJobs />
          ) : q.trim() ? (
            <Found jobs={found} q={q.trim()} />
          ) : (
            <Empty title={t("searchNothing")}>{t("searchHelp")}</Empty>
          )
        }
      </Loaded>
    </>
  );
}

interface Rows {
  total: number;
  more: boolean;
  rows: { pc_id: string; values: unknown[] }[];
}

const SHOWN = 5;

function Found({ jobs, q }: { jobs: InventoryJob[]; q: string }) {
  const { t, i18n } = useTranslation("inventory");
  const places = useMemo(
    () =>
      jobs.flatMap((job) =>
        ["", ...(job.explode ?? []).map((one) => one.field)].map((field) => ({ job, field })),
      ),
    [jobs],
  );
  const answers = useQueries({
    queries: places.map(({ job, field }) => ({
      queryKey: ["search", job.manifest_id, field, q],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        api.get<Rows>(tablePath(job.manifest_id, field), { query: { q, limit: SHOWN }, signal }),
      meta: { topics: ["inventory"] },
    })),
  });
  const pending = answers.some((one) => one.isPending);
  const hits = places
    .map((place, n) => ({ ...place, answer: answers[n] }))
    .filter((one) => one.answer?.error || one.answer?.data?.total);
  if (hits.length === 0)
    return pending ? <SkeletonRows /> : <Empty title={t("searchNone", { q })}>{t("searchNoneText")}</Empty>;
  return hits.map(({ job, field, answer }) => {
    const query = new URLSearchParams({ job: job.manifest_id, q, ...(field && { table: field }) });
    const { data, error } = answer ?? {};
    return (
      <Section
        key={`${job.manifest_id}/${field}`}
        title={
          <>
            {visible(job.manifest_id)} <span className="soft">{field || t("facts")}</span>
          </>
        }
        actions={
          data && (
            <Anchor component={PageLink} size="sm" to={`/inventory?${query}`}>
              {t("searchAll", { shown: total(data.total, !data.more, i18n.language) })}
            </Anchor>
          )
        }
      >
        {error && <div role="alert">{reason(error)}</div>}
        <ul className={styles.hits}>
          {data?.rows.map((row, n) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no id
            <li key={n}>
              <Anchor
                component={PageLink}
                size="sm"
                to={`${path`/agents/${row.pc_id}`}?panel=inventory.agent`}
              >
                {visible(row.pc_id)}
              </Anchor>{" "}
              <span className="soft">
                {columnsOf(job, field)
                  .map(
                    (one, place) =>
                      [one.label, rendered(row.values[place], one.type, i18n.language)] as const,
                  )
                  .filter(([, value]) => value !== "—")
                  .map(([label, value]) => `${label}: ${value}`)
                  .join("  ·  ")}
              </span>
            </li>
          ))}
        </ul>
      </Section>
    );
  });
}
