/** The processes of one PC: an investigation that is switched on for a while, its timeline and its newest sample. */
import { Button, SegmentedControl, Select, Table } from "@mantine/core";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { RangePicker } from "../../charts/RangePicker";
import { aligned, stepFor, useRange } from "../../charts/range";
import { TimeChart } from "../../charts/TimeChart";
import { ActionButton } from "../../design/ActionButton";
import { Age, span, useNow } from "../../design/Age";
import { bytes, percent } from "../../design/numbers";
import { Section } from "../../design/PageHead";
import { Empty, Loaded } from "../../design/States";
import { Status } from "../../design/Status";
import { visible } from "../../design/text";
import { api, path, send } from "../../lib/api";
import { useAction, useApi } from "../../lib/data";
import { useHasPage } from "../../lib/plugins";
import { choice, useUrlState } from "../../lib/urlState";
import type { PanelProps } from "../registry";
import { PROCESS_METRICS, type ProcessMetric, rate, shown } from "./metrics";
import styles from "./perf.module.css";

const shape = {
  metric: choice(PROCESS_METRICS, "cpu_pct"),
  top: choice(["5", "10"], "5"),
};

export default function Processes({ pcId }: PanelProps) {
  const configured = useHasPage()("fleet.config"); // it is a setting of the PC
  return (
    <>
      {configured && <Investigation pcId={pcId} />}
      <Busiest pcId={pcId} />
      <Snapshot pcId={pcId} />
    </>
  );
}

const HOURS = { "30m": 0.5, "1h": 1, "6h": 6, "24h": 24 } as const;
type Duration = keyof typeof HOURS;

interface Effective {
  effective: { process_perf_enabled: boolean; process_perf_expires_at: string | null };
}

/** Changes two keys of the PC's own scope and leaves the others, also when somebody else writes meanwhile. */
async function change(pcId: string, expires: Date | null): Promise<void> {
  const to = path`/api/pcs/${pcId}/config`;
  const response = await send("GET", to);
  const scope = (await response.json()) as Record<string, unknown>;
  const etag = response.headers.get("etag");
  await api.put(to, {
    json: {
      ...scope,
      process_perf_enabled: expires !== null,
      process_perf_expires_at: expires?.toISOString() ?? null,
    },
    headers: etag ? { "If-Match": etag } : { "If-None-Match": "*" },
  });
}

function Investigation({ pcId }: { pcId: string }) {
  const { t } = useTranslation("perf");
  const answer = useApi<Effective>(path`/api/agents/${pcId}/effective_config`, {
    topics: ["kv:agent_config", "kv:agent_groups"],
  });
  const [duration, setDuration] = useState<Duration>("1h");
  const touches = ["kv:agent_config"];
  const enable = useAction<void>({
    run: () => change(pcId, new Date(Date.now() + HOURS[duration] * 3_600_000)),
    done: t("enabled"),
    touches,
  });
  const disable = useAction<void>({ run: () => change(pcId, null), done: t("disabled"), touches });
  const now = useNow();
  return (
    <Section title={t("investigation")}>
      <Loaded of={answer}>
        {({ effective }) => {
          const ends = effective.process_perf_expires_at
            ? Date.parse(effective.process_perf_expires_at)
            : null;
          const on = effective.process_perf_enabled && (ends === null || ends > now);
          const over = effective.process_perf_enabled && ends !== null && ends <= now;
          return (
            <div className={styles.investigation}>
              <Status tone={on ? "run" : "off"} chip>
                {on
                  ? ends === null
                    ? t("on")
                    : t("onFor", { span: span(ends - now) })
                  : over
                    ? t("expired")
                    : t("off")}
              </Status>
              <Select
                aria-label={t("duration")}
                w={110}
                value={duration}
                onChange={(value) => setDuration(value as Duration)}
                data={(Object.keys(HOURS) as Duration[]).map((one) => ({
                  value: one,
                  label: t(`for.${one}`),
                }))}
              />
              <ActionButton
                needs="operator"
                variant="filled"
                loading={enable.isPending}
                onClick={() => enable.mutate()}
              >
                {t(on ? "extend" : "enable")}
              </ActionButton>
              {on && (
                <ActionButton needs="operator" loading={disable.isPending} onClick={() => disable.mutate()}>
                  {t("disable")}
                </ActionButton>
              )}
              <span className="soft">{t("investigationText")}</span>
            </div>
          );
        }}
      </Loaded>
    </Section>
  );
}

interface ProcessTimeline {
  step_seconds: number;
  names: string[];
  points: { at: string; values: Record<string, number> }[];
}

function Busiest({ pcId }: { pcId: string }) {
  const { t } = useTranslation("perf");
  const state = useRange("1h");
  const [{ metric, top }, set] = useUrlState(shape);
  const step = stepFor(state.range, 240, 30);
  const { from, to } = aligned(state.range, step);
  const answer = useApi<ProcessTimeline>(path`/api/agents/${pcId}/processes/timeline`, {
    query: { metric, top: Number(top), from, to, step: step.text },
    topics: state.range.preset ? ["processes"] : [],
    keep: true,
  });
  return (
    <Section
      title={t("busiestProcesses")}
      actions={
        <span className={styles.choose}>
          <Select
            aria-label={t("metricLabel")}
            w={170}
            value={metric}
            onChange={(value) => set({ metric: value as ProcessMetric })}
            data={PROCESS_METRICS.map((one) => ({ value: one, label: t(`metric.${one}`) }))}
          />
          <SegmentedControl
            size="xs"
            aria-label={t("howMany")}
            value={top}
            onChange={(value) => set({ top: value as "5" | "10" })}
            data={["5", "10"]}
          />
          <RangePicker state={state} presets={["15m", "1h", "6h", "24h"]} />
        </span>
      }
    >
      <Loaded of={answer}>
        {(data) =>
          data.points.length === 0 ? (
            <Empty title={t("noSamples")}>{t("noProcessesText")}</Empty>
          ) : (
            <Stacked
              data={data}
              metric={metric}
              from={new Date(from)}
              to={new Date(to)}
              onZoom={state.between}
            />
          )
        }
      </Loaded>
    </Section>
  );
}

interface StackedProps {
  data: ProcessTimeline;
  metric: ProcessMetric;
  from: Date;
  to: Date;
  onZoom: (from: Date, to: Date) => void;
}

function Stacked({ data, metric, from, to, onZoom }: StackedProps) {
  const { t } = useTranslation("perf");
  const times = useMemo(() => data.points.map((one) => Date.parse(one.at) / 1_000), [data]);
  const series = useMemo(
    () =>
      data.names.map((name) => ({
        label: name === "other" ? t("other") : visible(name),
        values: data.points.map((one) => one.values[name] ?? 0),
        colour: name === "other" ? "#8a90a0" : undefined,
      })),
    [data, t],
  );
  return (
    <TimeChart
      stacked
      binary={metric !== "cpu_pct"}
      height={220}
      label={t(`metric.${metric}`)}
      times={times}
      series={series}
      from={from}
      to={to}
      step={data.step_seconds}
      format={(value) => shown(metric, value)}
      onZoom={onZoom}
    />
  );
}

interface ProcessRow {
  pid: number;
  name: string;
  cpu_pct: number;
  rss_bytes: number;
  disk_read_bytes_per_sec: number | null;
  disk_written_bytes_per_sec: number | null;
}

const ORDER = ["cpu_pct", "rss_bytes", "disk_read_bytes_per_sec", "disk_written_bytes_per_sec"] as const;
const order = { by: choice(ORDER, "cpu_pct") };

function Snapshot({ pcId }: { pcId: string }) {
  const { t } = useTranslation("perf");
  const [{ by }, set] = useUrlState(order);
  const answer = useApi<{ latest_at: string | null; processes: ProcessRow[] }>(
    path`/api/agents/${pcId}/processes`,
    {
      topics: ["processes"],
    },
  );
  return (
    <Section
      title={t("processes")}
      actions={
        answer.data?.latest_at && (
          <span className="soft">
            {t("sampled")} <Age at={answer.data.latest_at} />
          </span>
        )
      }
    >
      <Loaded of={answer}>
        {({ processes }) =>
          processes.length === 0 ? (
            <Empty title={t("noProcesses")}>{t("noProcessesText")}</Empty>
          ) : (
            <Table.ScrollContainer minWidth={520} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
              <Table aria-label={t("processes")} className={styles.table}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th ta="right" w={80}>
                      PID
                    </Table.Th>
                    <Table.Th>{t("name")}</Table.Th>
                    {ORDER.map((one) => (
                      <Table.Th key={one} ta="right" aria-sort={by === one ? "descending" : "none"}>
                        <Button
                          variant="subtle"
                          size="compact-xs"
                          color="gray"
                          onClick={() => set({ by: one })}
                        >
                          {t(`metric.${one}`)}
                          {by === one && " ↓"}
                        </Button>
                      </Table.Th>
                    ))}
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {[...processes]
                    .sort((one, other) => (other[by] ?? -1) - (one[by] ?? -1))
                    .map((one) => (
                      <Table.Tr key={one.pid}>
                        <Table.Td ta="right">{one.pid}</Table.Td>
                        <Table.Td style={{ overflowWrap: "anywhere" }}>{visible(one.name)}</Table.Td>
                        <Table.Td ta="right">{percent(one.cpu_pct)}</Table.Td>
                        <Table.Td ta="right">{bytes(one.rss_bytes)}</Table.Td>
                        <Table.Td ta="right">{perSecond(one.disk_read_bytes_per_sec)}</Table.Td>
                        <Table.Td ta="right">{perSecond(one.disk_written_bytes_per_sec)}</Table.Td>
                      </Table.Tr>
                    ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )
        }
      </Loaded>
    </Section>
  );
}

function perSecond(value: number | null): string {
  return value === null ? "—" : rate(value);
}
