/** How many PCs have which version now; each number leads to them. */

import { useTranslation } from "react-i18next";
import { Bar } from "../../design/Bar";
import { count } from "../../design/numbers";
import { PageLink } from "../../design/PageLink";
import { Empty, Loaded, SkeletonRows } from "../../design/States";
import { visible } from "../../design/text";
import { AgentsNotKept, useAgentsKept } from "../../pick/AgentsKept";
import { agentsUrl, type Scope, useVersions } from "./releases";
import styles from "./releases.module.css";

const EVERYBODY: Scope = { type: "global" };
const SHADES = 6;

type Values = { value: string | null; count: number }[];

export function Versions() {
  const { t } = useTranslation("releases");
  const answer = useVersions(EVERYBODY);
  if (!useAgentsKept()) return <AgentsNotKept />;
  return (
    <Loaded of={answer} skeleton={<SkeletonRows rows={2} height={12} />}>
      {(facets) => {
        const values = facets.facets[0]?.values ?? [];
        if (values.length === 0) return <Empty title={t("now.none")}>{t("now.noneAbout")}</Empty>;
        return (
          <>
            <Bar
              label={values
                .slice(0, SHADES)
                .map((one) => `${one.value ?? t("now.unknown")} ${one.count}`)
                .join(", ")}
              parts={values.map((one, place) => ({
                key: one.value ?? "",
                size: one.count,
                shade: `${styles.part} ${shade(place)}`,
              }))}
            />
            <VersionList scope={EVERYBODY} values={values} dots />
          </>
        );
      }}
    </Loaded>
  );
}

function shade(place: number): string {
  return styles[`shade${Math.min(place, SHADES - 1)}`] ?? "";
}

interface VersionListProps {
  scope: Scope;
  values: Values;
  dots?: boolean;
}

export function VersionList({ scope, values, dots = false }: VersionListProps) {
  const { t, i18n } = useTranslation("releases");
  return (
    <ul className={`${styles.versions} ${dots ? "" : styles.few}`}>
      {values.map((one, place) => (
        <li key={one.value ?? ""} className={shade(place)}>
          {dots && <span className={styles.dot} aria-hidden="true" />}
          {one.value === null ? (
            <span>{t("now.unknown")}</span>
          ) : (
            <span className="mono">{visible(one.value)}</span>
          )}{" "}
          {one.value === null ? (
            <strong>{count(one.count, i18n.language)}</strong>
          ) : (
            <PageLink to={agentsUrl(scope, [{ field: "version", op: "eq", value: one.value }])}>
              {t("now.pcs", { count: one.count, shown: count(one.count, i18n.language) })}
            </PageLink>
          )}
        </li>
      ))}
    </ul>
  );
}
