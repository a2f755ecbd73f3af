import { Badge } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { span } from "../../design/Age";
import { PageHead } from "../../design/PageHead";
import { Segments } from "../../design/Segments";
import { Loaded } from "../../design/States";
import { Status } from "../../design/Status";
import { type Column, Table } from "../../design/Table";
import { visible } from "../../design/text";
import { useApi } from "../../lib/data";
import { flag, useUrlState } from "../../lib/urlState";
import { type PluginRow, pluginTone } from "./host";
import styles from "./host.module.css";

const SHAPE = { unwell: flag(false) };

export default function Plugins() {
  const { t } = useTranslation("host");
  const [{ unwell }, set] = useUrlState(SHAPE);
  const plugins = useApi<{ plugins: PluginRow[] }>("/api/plugins", { topics: ["plugins"] });
  const columns: Column<PluginRow>[] = [
    {
      key: "name",
      title: t("plugins.name"),
      cell: (row) => (
        <div>
          <div className={styles.name}>
            <span>{visible(row.name)}</span>
            {row.essential && <Badge size="xs">{t("plugins.essential")}</Badge>}
          </div>
          <div className="soft">{visible(row.title)}</div>
        </div>
      ),
    },
    {
      key: "state",
      title: t("plugins.state"),
      tight: true,
      cell: (row) => <Status tone={pluginTone(row.state)}>{t(`plugins.states.${row.state}`)}</Status>,
    },
    { key: "reason", title: t("plugins.about"), cell: (row) => <About row={row} /> },
    {
      key: "version",
      title: t("plugins.version"),
      tight: true,
      cell: (row) => <span className="mono">{visible(row.version)}</span>,
    },
    {
      key: "took",
      title: t("plugins.took"),
      right: true,
      tight: true,
      cell: (row) => {
        const seconds = Object.values(row.seconds).reduce((sum, one) => sum + one, 0);
        const steps = Object.entries(row.seconds).map(([step, one]) => `${step}: ${span(one * 1_000)}`);
        return <span title={steps.join("\n")}>{seconds > 0 ? span(seconds * 1_000) : "—"}</span>;
      },
    },
  ];
  return (
    <>
      <PageHead title={t("plugins.title")} about={t("plugins.intro")} />
      <Segments
        label={t("plugins.state")}
        value={unwell ? "unwell" : "all"}
        onChange={(value) => set({ unwell: value === "unwell" }, { push: true })}
        data={[
          { value: "all", label: t("plugins.all") },
          { value: "unwell", label: t("plugins.unwell") },
        ]}
      />
      <Loaded of={plugins}>
        {(found) => (
          <Table
            label={t("plugins.title")}
            columns={columns}
            rows={found.plugins.filter((row) => !unwell || !["running", "disabled"].includes(row.state))}
            rowKey={(row) => row.name}
            empty={<p className="soft">{t("plugins.allWell")}</p>}
          />
        )}
      </Loaded>
    </>
  );
}

/** Why it does not run, or what it brings. */
function About({ row }: { row: PluginRow }) {
  const { t } = useTranslation("host");
  if (row.reason) {
    return (
      <div>
        <div>{visible(row.reason)}</div>
        {row.failed_in && <div className="soft">{t("plugins.failedIn", { phase: row.failed_in })}</div>}
      </div>
    );
  }
  const kinds = Object.entries(row.contributes).filter(([, names]) => names.length > 0);
  return (
    <div className={styles.brings}>
      {kinds.map(([kind, names]) => (
        <details key={kind}>
          <summary>
            {t(`plugins.brings.${kind}`, { count: names.length, defaultValue: `${kind} (${names.length})` })}
          </summary>
          <ul className={`${styles.names} mono`}>
            {names.map((name) => (
              <li key={name}>{visible(name)}</li>
            ))}
          </ul>
        </details>
      ))}
      {row.requires.length > 0 && (
        <div className="soft">{t("plugins.requires", { names: row.requires.join(", ") })}</div>
      )}
    </div>
  );
}
