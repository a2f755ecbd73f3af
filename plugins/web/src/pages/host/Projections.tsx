import { Progress } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { Age } from "../../design/Age";
import { count } from "../../design/numbers";
import { PageHead, Section } from "../../design/PageHead";
import { PageLink } from "../../design/PageLink";
import { Loaded } from "../../design/States";
import { Status, type Tone } from "../../design/Status";
import { type Column, Table } from "../../design/Table";
import { visible } from "../../design/text";
import { api, path } from "../../lib/api";
import { useAction, useApi } from "../../lib/data";
import { useMay } from "../../lib/me";
import { type ProjectionRow, projectionTone, type Rebuild } from "./host";
import styles from "./host.module.css";
import { RebuildDialog } from "./RebuildDialog";

export default function Projections() {
  const { t } = useTranslation("host");
  const projections = useApi<{ projections: ProjectionRow[] }>("/api/projections", {
    topics: ["*"],
    everySeconds: 10, // a lag grows without any commit
  });
  const [asked, ask] = useState<string | null>(null);
  return (
    <>
      <PageHead title={t("projections.title")} about={t("projections.intro")} />
      <Rebuilds />
      <Loaded of={projections}>
        {({ projections: rows }) => (
          <>
            <Section title={t("projections.durable")}>
              <Streams rows={rows.filter((row) => row.kind === "projection")} onRebuild={ask} />
            </Section>
            <Section title={t("projections.samples")}>
              <Samples rows={rows.filter((row) => row.kind === "samples")} />
            </Section>
          </>
        )}
      </Loaded>
      <RebuildDialog plugin={asked} onClose={() => ask(null)} />
    </>
  );
}

function useNameAndState(): Column<ProjectionRow>[] {
  const { t } = useTranslation("host");
  const name: Column<ProjectionRow> = {
    key: "name",
    title: t("projections.name"),
    cell: (row) => <span className={styles.name}>{visible(row.name)}</span>,
  };
  const state: Column<ProjectionRow> = {
    key: "state",
    title: t("projections.state"),
    cell: (row) => (
      <div>
        <Status tone={projectionTone(row)}>
          {t(`projections.states.${row.state}`, { defaultValue: row.state })}
        </Status>
        {row.reason && <div className="soft">{visible(row.reason)}</div>}
        {row.gaps?.map(([first, last]) => (
          <div key={first} className="soft">
            {t("projections.gap", { first, last })}
          </div>
        ))}
      </div>
    ),
  };
  return [name, state];
}

function Streams({ rows, onRebuild }: { rows: ProjectionRow[]; onRebuild: (plugin: string) => void }) {
  const { t, i18n } = useTranslation("host");
  const sorted = [...rows].sort((a, b) => a.name.localeCompare(b.name));
  const firsts = new Set(
    sorted.filter((row, place) => row.plugin !== sorted[place - 1]?.plugin).map((row) => row.name),
  );
  const columns: Column<ProjectionRow>[] = [
    ...useNameAndState(),
    {
      key: "stream",
      title: t("projections.stream"),
      tight: true,
      cell: (row) => (
        <span className="mono" title={row.durable}>
          {visible(row.stream ?? "")}
        </span>
      ),
    },
    {
      key: "lag",
      title: t("projections.lag"),
      right: true,
      tight: true,
      cell: (row) => {
        const lag = count(row.lag, i18n.language);
        return row.lag_at_most ? t("projections.atMost", { lag }) : lag;
      },
    },
    {
      key: "rate",
      title: t("projections.rate"),
      right: true,
      tight: true,
      cell: (row) => t("projections.perSecond", { rate: (row.rate ?? 0).toFixed(1) }),
    },
    {
      key: "position",
      title: t("projections.position"),
      right: true,
      tight: true,
      cell: (row) => (
        <span>
          {row.at && (
            <span className="soft">
              <Age at={row.at} /> ·{" "}
            </span>
          )}
          {count(row.sequence, i18n.language)}
        </span>
      ),
    },
    {
      key: "letters",
      title: t("projections.letters"),
      right: true,
      tight: true,
      cell: (row) =>
        row.dead_letters ? (
          <PageLink to={`/dead-letters?projection=${encodeURIComponent(row.name)}`}>
            {count(row.dead_letters)}
          </PageLink>
        ) : (
          "0"
        ),
    },
    {
      key: "do",
      title: "",
      tight: true,
      // Tables belong to a plugin, and are made anew together.
      cell: (row) =>
        firsts.has(row.name) && (
          <ActionButton needs="admin" size="compact-xs" onClick={() => onRebuild(row.plugin)}>
            {t("projections.rebuild", { plugin: row.plugin })}
          </ActionButton>
        ),
    },
  ];
  return (
    <Table label={t("projections.durable")} columns={columns} rows={sorted} rowKey={(row) => row.name} />
  );
}

const SAMPLES = ["received", "written", "dropped", "bad"] as const;

function Samples({ rows }: { rows: ProjectionRow[] }) {
  const { t, i18n } = useTranslation("host");
  const columns: Column<ProjectionRow>[] = [
    ...useNameAndState(),
    ...SAMPLES.map(
      (key): Column<ProjectionRow> => ({
        key,
        title: t(`projections.${key}`),
        right: true,
        tight: true,
        cell: (row) => count(row[key], i18n.language),
      }),
    ),
  ];
  return <Table label={t("projections.samples")} columns={columns} rows={rows} rowKey={(row) => row.name} />;
}

const REBUILD_TONES: Record<Rebuild["state"], Tone> = {
  running: "run",
  done: "ok",
  failed: "bad",
  cancelled: "off",
};

/** Those that run, and how the last ones ended. */
function Rebuilds() {
  const { t } = useTranslation("host");
  const may = useMay("admin");
  const { data } = useApi<{ rebuilds: Rebuild[] }>("/api/rebuilds", { topics: ["rebuilds"], enabled: may });
  const shown = [...(data?.rebuilds ?? [])].reverse().slice(0, 5);
  if (shown.length === 0) return null;
  return (
    <Section title={t("rebuild.title")}>
      {shown.map((one) => (
        <RebuildLine key={`${one.plugin} ${one.number}`} rebuild={one} />
      ))}
    </Section>
  );
}

function RebuildLine({ rebuild }: { rebuild: Rebuild }) {
  const { t, i18n } = useTranslation("host");
  const cancel = useAction({
    run: () => api.post(path`/api/rebuilds/${rebuild.plugin}/cancel`),
    done: t("rebuild.cancelled", { plugin: rebuild.plugin }),
  });
  const running = rebuild.state === "running";
  const share = rebuild.expected > 0 ? (100 * rebuild.messages) / rebuild.expected : 0;
  return (
    <div className={styles.bar}>
      <span className={styles.name}>{rebuild.plugin}</span>
      <Status tone={REBUILD_TONES[rebuild.state]}>{t(`rebuild.states.${rebuild.state}`)}</Status>
      {running && (
        <Progress
          className={styles.progress}
          value={Math.min(100, share)}
          aria-label={t("rebuild.progress", { plugin: rebuild.plugin })}
        />
      )}
      <span className="soft">
        {t("rebuild.messages", {
          done: count(rebuild.messages, i18n.language),
          expected: count(rebuild.expected, i18n.language),
        })}
      </span>
      <span className="soft">
        {rebuild.waiting ?? rebuild.reason ?? <Age at={rebuild.ended_at ?? rebuild.started_at} />}
      </span>
      {running && (
        <ActionButton
          needs="admin"
          size="compact-xs"
          loading={cancel.isPending}
          onClick={() => cancel.mutate()}
        >
          {t("rebuild.cancel")}
        </ActionButton>
      )}
    </div>
  );
}
