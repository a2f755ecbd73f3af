/** The inventory of one PC: what each job found, now and as it changed. */
import { SegmentedControl, Spoiler, Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Age } from "../../design/Age";
import { Section } from "../../design/PageHead";
import { Empty, Loaded } from "../../design/States";
import { visible } from "../../design/text";
import { path } from "../../lib/api";
import { useApi } from "../../lib/data";
import { choice, useUrlState } from "../../lib/urlState";
import type { PanelProps } from "../registry";
import styles from "./inventory.module.css";
import { type DisplayField, rendered } from "./jobs";
import { PcHistory } from "./PcHistory";

export interface FactsOf {
  job_id: string;
  facts: unknown;
  display: DisplayField[];
  collected_at: string | null;
}

const shape = { view: choice(["now", "changes"], "now") };

export function useFacts(pcId: string) {
  return useApi<FactsOf[]>(path`/api/inventory/${pcId}`, { topics: ["inventory"], enabled: pcId !== "" });
}

export default function Panel({ pcId }: PanelProps) {
  const { t } = useTranslation("inventory");
  const [{ view }, set] = useUrlState(shape);
  const answer = useFacts(pcId);
  return (
    <>
      <SegmentedControl
        size="xs"
        mb="sm"
        aria-label={t("view")}
        value={view}
        onChange={(value) => set({ view: value as "now" | "changes" }, { push: true })}
        data={[
          { value: "now", label: t("now") },
          { value: "changes", label: t("changes") },
        ]}
      />
      {view === "changes" ? (
        <PcHistory pcId={pcId} />
      ) : (
        <Loaded of={answer}>
          {(found) =>
            found.length === 0 ? (
              <Empty title={t("nothingKnown")}>{t("nothingKnownText")}</Empty>
            ) : (
              found.map((one) => (
                <Section
                  key={one.job_id}
                  title={visible(one.job_id)}
                  actions={
                    <span className="soft">
                      {t("collected")} <Age at={one.collected_at} />
                    </span>
                  }
                >
                  <Facts of={one} />
                </Section>
              ))
            )
          }
        </Loaded>
      )}
    </>
  );
}

function Facts({ of }: { of: FactsOf }) {
  const { i18n } = useTranslation();
  const facts =
    typeof of.facts === "object" && of.facts !== null ? (of.facts as Record<string, unknown>) : null;
  if (!facts || of.display.length === 0) return <Raw value={of.facts} />;
  const plain = of.display.filter((one) => !Array.isArray(facts[one.field]));
  const tables = of.display.filter((one) => Array.isArray(facts[one.field]));
  return (
    <>
      <dl className={styles.facts}>
        {plain.map((one) => (
          <div key={one.field} className={styles.fact}>
            <dt>{one.label}</dt>
            <dd>{rendered(facts[one.field], one.type, i18n.language)}</dd>
          </div>
        ))}
      </dl>
      {tables.map((one) => (
        <Nested key={one.field} field={one} rows={facts[one.field] as unknown[]} />
      ))}
    </>
  );
}

const MANY = 500;

function Nested({ field, rows }: { field: DisplayField; rows: unknown[] }) {
  const { t, i18n } = useTranslation("inventory");
  const first = rows.find((one) => typeof one === "object" && one !== null) as
    | Record<string, unknown>
    | undefined;
  const columns =
    field.columns ?? Object.keys(first ?? {}).map((name): DisplayField => ({ field: name, label: name }));
  const shown = rows.slice(0, MANY);
  return (
    <Spoiler
      maxHeight={300}
      showLabel={t("showAll", { count: rows.length })}
      hideLabel={t("showLess")}
      mt="sm"
    >
      <h3 className={styles.nested}>
        {field.label} <span className="soft">{rows.length}</span>
      </h3>
      {columns.length === 0 ? (
        <ul>
          {shown.map((one, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: elements have no id
            <li key={place}>{rendered(one, null, i18n.language)}</li>
          ))}
        </ul>
      ) : (
        <Table.ScrollContainer
          minWidth={Math.min(600, columns.length * 120)}
          scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}
        >
          <Table aria-label={field.label} className={styles.table}>
            <Table.Thead>
              <Table.Tr>
                {columns.map((one) => (
                  <Table.Th key={one.field}>{one.label}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {shown.map((row, place) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: elements have no id
                <Table.Tr key={place}>
                  {columns.map((one) => (
                    <Table.Td key={one.field}>
                      {rendered(
                        (row as Record<string, unknown> | null)?.[one.field],
                        one.type,
                        i18n.language,
                      )}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Spoiler>
  );
}

function Raw({ value }: { value: unknown }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <pre className={styles.raw} tabIndex={0}>
      {visible(JSON.stringify(value, null, 2) ?? "—")}
    </pre>
  );
}
