import { useTranslation } from "react-i18next";
import { Age, span } from "../../design/Age";
import { bytes, count } from "../../design/numbers";
import { PageHead, Section } from "../../design/PageHead";
import { Loaded } from "../../design/States";
import { Status } from "../../design/Status";
import { type Column, Table } from "../../design/Table";
import { visible } from "../../design/text";
import { useApi } from "../../lib/data";
import { useHasPage } from "../../lib/plugins";
import type { BrokerView, Held } from "./host";
import styles from "./host.module.css";

const KINDS = ["stream", "bucket", "objects"] as const;

interface Existence {
  name: string;
  exists: boolean;
}

type Jetstream = Record<"streams" | "kv_buckets" | "object_stores" | "others", Existence[] | undefined>;

export default function Broker() {
  const { t } = useTranslation("host");
  const broker = useApi<BrokerView>("/api/broker", { everySeconds: 5 });
  return (
    <>
      <PageHead title={t("broker.title")} about={t("broker.intro")} />
      <Loaded of={broker}>
        {(view) => (
          <>
            <div className={styles.bar}>
              <Status tone={view.connected ? "ok" : "bad"}>
                {view.connected ? t("broker.connected") : t("broker.lost")}
              </Status>
              <span className="soft">{view.embedded ? t("broker.embedded") : t("broker.outside")}</span>
              {view.reason && <span>{visible(view.reason)}</span>}
            </div>
            <Missing />
            {KINDS.map((kind) => (
              <Section key={kind} title={t(`broker.kinds.${kind}`)}>
                <Things kind={kind} rows={view.held.filter((one) => one.kind === kind)} />
              </Section>
            ))}
          </>
        )}
      </Loaded>
    </>
  );
}

/** What the contract wants and the broker does not have. */
function Missing() {
  const { t } = useTranslation("host");
  const there = useHasPage()("fleet.groups"); // the plugin that knows
  const { data } = useApi<Jetstream>("/api/jetstream/status", { enabled: there, everySeconds: 30 });
  const missing = Object.values(data ?? {}).flatMap((rows) => (rows ?? []).filter((one) => !one.exists));
  if (missing.length === 0) return null;
  return (
    <p role="alert">
      <Status tone="bad">{t("broker.missing", { names: missing.map((one) => one.name).join(", ") })}</Status>
    </p>
  );
}

function Things({ kind, rows }: { kind: Held["kind"]; rows: Held[] }) {
  const { t, i18n } = useTranslation("host");
  const columns: Column<Held>[] = [
    {
      key: "name",
      title: t("broker.name"),
      cell: (row) => (
        <div>
          <span className="mono">{visible(row.name)}</span>
          {kind === "stream" && <div className="soft mono">{visible(row.subjects.join(", "))}</div>}
        </div>
      ),
    },
    {
      key: "messages",
      title: t(`broker.entries.${kind}`),
      right: true,
      tight: true,
      cell: (row) => count(row.messages, i18n.language),
    },
    { key: "size", title: t("broker.size"), right: true, tight: true, cell: (row) => bytes(row.bytes) },
    {
      key: "sequence",
      title: t("broker.sequence"),
      right: true,
      tight: true,
      cell: (row) => count(row.last_sequence, i18n.language),
    },
    { key: "last", title: t("broker.last"), tight: true, cell: (row) => <Age at={row.last_at} /> },
    {
      key: "consumers",
      title: t("broker.consumers"),
      right: true,
      tight: true,
      cell: (row) => count(row.consumers, i18n.language),
    },
    {
      key: "age",
      title: t("broker.keeps"),
      right: true,
      tight: true,
      cell: (row) => (row.max_age > 0 ? span(row.max_age * 1_000) : t("broker.forEver")),
    },
  ];
  return (
    <Table
      label={t(`broker.kinds.${kind}`)}
      columns={columns}
      rows={rows}
      rowKey={(row) => row.stream}
      empty={<p className="soft">{t("broker.none")}</p>}
    />
  );
}
