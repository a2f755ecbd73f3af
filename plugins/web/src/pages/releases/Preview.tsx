/** Whom a rollout reaches, before it begins: how many PCs, and which versions they have now. */

import { Skeleton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { count } from "../../design/numbers";
import { PageLink } from "../../design/PageLink";
import { Failure } from "../../design/States";
import { agentsUrl, type Scope, useUncounted, useVersions } from "./releases";
import styles from "./releases.module.css";
import { VersionList } from "./Versions";

export function usePreview(scope: Scope | null) {
  const answer = useVersions(scope);
  return { ...answer, total: scope ? answer.data?.total : undefined };
}

/** What is asked before a rollout to that scope: to type the number of PCs, or the version where nobody can
 * count them, since a plugin does not run. */
export function useRolloutQuestion(scope: Scope | null, version: string) {
  const { total } = usePreview(scope);
  const uncounted = useUncounted(scope);
  const typed = uncounted ? version : scope?.type === "global";
  return { count: total, typed, disabled: total === undefined && !uncounted };
}

export function Preview({ scope, version }: { scope: Scope | null; version: string }) {
  const { t, i18n } = useTranslation("releases");
  const preview = usePreview(scope);
  const uncounted = useUncounted(scope);
  if (!scope) return <div className="soft">{t("preview.nobody")}</div>;
  if (uncounted)
    return (
      <div className="soft">
        {t(`uncounted.${uncounted}`)} {t("uncounted.allTheSame")}
      </div>
    );
  if (preview.error) return <Failure error={preview.error} retry={() => void preview.refetch()} inline />;
  if (!preview.data) return <Skeleton height={40} />;
  const { total } = preview.data;
  const values = preview.data.facets[0]?.values ?? [];
  const have = values.find((one) => one.value === version)?.count ?? 0;
  return (
    <div className={styles.preview} aria-live="polite">
      <div>
        <PageLink to={agentsUrl(scope)}>
          <strong>{t("now.pcs", { count: total, shown: count(total, i18n.language) })}</strong>
        </PageLink>
        {scope.type === "global" && <span className="soft"> {t("preview.overridden")}</span>}
        {total > 0 && version !== "" && (
          <span className="soft"> {t("preview.have", { shown: count(have, i18n.language) })}</span>
        )}
        {total === 0 && <span className="soft"> {t("preview.later")}</span>}
      </div>
      <VersionList scope={scope} values={values} />
    </div>
  );
}
