/** Two PCs side by side: what each job found on them, and where they differ. */
import { Select, Switch, Table } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { PageHead, Section } from "../../design/PageHead";
import { Empty, Failure, SkeletonRows } from "../../design/States";
import { visible } from "../../design/text";
import { api } from "../../lib/api";
import { flag, text, useUrlState } from "../../lib/urlState";
import { useAgentsKept } from "../../pick/AgentsKept";
import { NoAgents, useNoAgents } from "../../pick/NoAgents";
import { compared, type Pair } from "./comparing";
import styles from "./inventory.module.css";
import { rendered } from "./jobs";
import { type FactsOf, useFacts } from "./Panel";

const shape = { a: text(), b: text(), same: flag() };

export default function Compare() {
  const { t } = useTranslation("inventory");
  const [{ a, b, same }, set] = useUrlState(shape);
  const nobody = useNoAgents();
  const [one, other] = [useFacts(a), useFacts(b)];
  return (
    <>
      <PageHead title={t("compareTitle")} about={t("compareAbout")} />
      <div className={styles.choose}>
        <PcSelect label={t("first")} value={a} onChange={(next) => set({ a: next }, { push: true })} />
        <PcSelect label={t("second")} value={b} onChange={(next) => set({ b: next }, { push: true })} />
        <Switch
          size="xs"
          label={t("showSame")}
          checked={same}
          onChange={(event) => set({ same: event.currentTarget.checked })}
        />
      </div>
      {nobody ? (
        <NoAgents />
      ) : !a || !b ? (
        <Empty title={t("chooseTwo")}>{t("chooseTwoText")}</Empty>
      ) : one.error || other.error ? (
        <Failure
          error={one.error ?? other.error}
          retry={() => {
            void one.refetch();
            void other.refetch();
          }}
        />
      ) : one.data && other.data ? (
        <Differences a={a} b={b} one={one.data} other={other.data} same={same} />
      ) : (
        <SkeletonRows />
      )}
    </>
  );
}

interface DifferencesProps {
  a: string;
  b: string;
  one: FactsOf[];
  other: FactsOf[];
  same: boolean;
}

function Differences({ a, b, one, other, same }: DifferencesProps) {
  const { t } = useTranslation("inventory");
  const jobs = useMemo(() => compared(one, other), [one, other]);
  if (jobs.length === 0) return <Empty title={t("nothingKnown")}>{t("nothingKnownText")}</Empty>;
  return jobs.map(({ job, pairs }) => {
    const shown = same ? pairs : pairs.filter((pair) => pair.differs);
    const count = pairs.filter((pair) => pair.differs).length;
    return (
      <Section
        key={job}
        title={visible(job)}
        actions={
          <span className="soft">
            {count === 0 ? t("allSame", { count: pairs.length }) : t("differences", { count })}
          </span>
        }
      >
        {shown.length > 0 && (
          <Table.ScrollContainer minWidth={480} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
            <Table aria-label={visible(job)} className={styles.table} layout="fixed">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th w="28%">{t("field")}</Table.Th>
                  <Table.Th className="mono">{visible(a)}</Table.Th>
                  <Table.Th className="mono">{visible(b)}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {shown.map((pair) => (
                  <Line key={pair.key} pair={pair} marked={same} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Section>
    );
  });
}

function Line({ pair, marked }: { pair: Pair; marked: boolean }) {
  const { i18n } = useTranslation();
  const show = (value: unknown) => rendered(value, pair.type, i18n.language);
  return (
    <Table.Tr data-differs={(marked && pair.differs) || undefined} className={styles.pair}>
      <Table.Th scope="row">
        {visible(pair.label)} {pair.element && <span className="soft">{visible(pair.element)}</span>}
      </Table.Th>
      <Table.Td>{show(pair.one)}</Table.Td>
      <Table.Td>{show(pair.other)}</Table.Td>
    </Table.Tr>
  );
}

function PcSelect({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
}) {
  const { t } = useTranslation("inventory");
  const [typed, setTyped] = useState(value);
  const [asked] = useDebouncedValue(typed, 200);
  const kept = useAgentsKept();
  const found = useQuery({
    queryKey: ["pcs", asked],
    enabled: kept,
    queryFn: ({ signal }) =>
      api.get<{ items: { pc_id: string; hostname: string | null }[] }>("/api/fleet/agents", {
        query: { q: asked === value ? "" : asked, limit: 50 },
        signal,
      }),
    placeholderData: (before) => before,
  });
  const items = found.data?.items ?? [];
  const data = items.map((one) => ({
    value: one.pc_id,
    label: one.hostname && one.hostname !== one.pc_id ? `${one.pc_id} · ${one.hostname}` : one.pc_id,
  }));
  if (!kept && asked.trim()) data.push({ value: asked.trim(), label: asked.trim() }); // as it was typed
  if (value && !data.some((one) => one.value === value)) data.unshift({ value, label: value });
  return (
    <Select
      label={label}
      placeholder={t("search")}
      w={280}
      searchable
      filter={({ options }) => options}
      data={data}
      value={value || null}
      onSearchChange={setTyped}
      onChange={(next) => onChange(next ?? "")}
    />
  );
}
