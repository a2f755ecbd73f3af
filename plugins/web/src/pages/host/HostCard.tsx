/** Is kanade itself well? */
import { useTranslation } from "react-i18next";
import { Card, Figures, Line, Lines } from "../../design/Card";
import { count } from "../../design/numbers";
import { SkeletonRows } from "../../design/States";
import { Status } from "../../design/Status";
import { visible } from "../../design/text";
import { useApi } from "../../lib/data";
import { type BrokerView, type PluginRow, type ProjectionRow, pluginTone } from "./host";
import styles from "./host.module.css";

export default function HostCard() {
  const { t } = useTranslation("host");
  const plugins = useApi<{ plugins: PluginRow[] }>("/api/plugins", { topics: ["plugins"] });
  const projections = useApi<{ projections: ProjectionRow[] }>("/api/projections", { topics: ["*"] });
  const broker = useApi<BrokerView>("/api/broker", { everySeconds: 60 });
  if (!plugins.data || !projections.data) {
    return (
      <Card title={t("card.title")} to="/plugins">
        <SkeletonRows rows={3} />
      </Card>
    );
  }
  const unwell = plugins.data.plugins.filter((one) =>
    ["failed", "degraded", "incompatible"].includes(one.state),
  );
  const rows = projections.data.projections;
  const lag = rows.reduce((sum, row) => sum + (row.lag ?? 0), 0);
  const letters = rows.reduce((sum, row) => sum + (row.dead_letters ?? 0), 0);
  return (
    <Card title={t("card.title")} to="/plugins">
      <Figures
        of={[
          {
            value: count(plugins.data.plugins.filter((one) => one.state === "running").length),
            label: t("card.plugins"),
            to: "/plugins",
          },
          {
            value: rows.some((row) => row.lag_at_most)
              ? t("projections.atMost", { lag: count(lag) })
              : count(lag),
            label: t("card.lag"),
            to: "/projections",
            tone: lag > 10_000 ? "warn" : undefined,
          },
          {
            value: count(letters),
            label: t("card.letters"),
            to: "/dead-letters",
            tone: letters > 0 ? "warn" : undefined,
          },
        ]}
      />
      <Lines>
        {unwell.map((one) => (
          <Line key={one.name}>
            <Status tone={pluginTone(one.state)}>{one.name}</Status>
            <div className={styles.why}>{visible(one.reason ?? "")}</div>
          </Line>
        ))}
        {broker.data && !broker.data.connected && (
          <Line aside={visible(broker.data.reason ?? "")}>
            <Status tone="bad">{t("card.brokerLost")}</Status>
          </Line>
        )}
        {unwell.length === 0 && broker.data?.connected && (
          <Line>
            <Status tone="ok">{t("card.well")}</Status>
          </Line>
        )}
      </Lines>
    </Card>
  );
}
