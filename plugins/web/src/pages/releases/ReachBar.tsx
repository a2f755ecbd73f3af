/** How far a version has come in a scope: PCs that have it, that are about to, and that are not there. */

import { Skeleton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useNow } from "../../design/Age";
import { Bar } from "../../design/Bar";
import { count } from "../../design/numbers";
import { PageLink } from "../../design/PageLink";
import { Shape } from "../../design/Status";
import type { Filter } from "../../list/types";
import {
  agentsUrl,
  isOverdue,
  type Scope,
  type Target,
  useLeftOut,
  useReach,
  useUncounted,
} from "./releases";
import styles from "./releases.module.css";

interface ReachBarProps {
  scope: Scope;
  version: string;
  /** Since when it is meant to have it; absent: it is not, yet. */
  target?: Pick<Target, "set_at" | "jitter">;
}

export function ReachBar({ scope, version, target }: ReachBarProps) {
  const { t, i18n } = useTranslation("releases");
  const now = useNow();
  const leftOut = useLeftOut(scope, version);
  const reach = useReach(scope, version, leftOut);
  const uncounted = useUncounted(scope, leftOut);
  if (uncounted) return <span className="soft">{t(`uncounted.${uncounted}`)}</span>;
  if (!reach) return <Skeleton height={14} width="60%" />;
  const late = target !== undefined && reach.online > 0 && isOverdue(target, now);
  const show = (value: number) => count(value, i18n.language);
  const has: Filter = { field: "version", op: "eq", value: version };
  const lacks: Filter = { field: "version", op: "ne", value: version };
  const others = leftOut.map((value): Filter => ({ field: "group", op: "ne", value }));
  const rest = (online: boolean) =>
    agentsUrl(scope, [...others, lacks, { field: "online", op: "eq", value: String(online) }]);
  const all = { total: show(reach.total), reached: show(reach.reached) };
  const parts = [{ key: "reached", size: reach.reached, shade: styles.reached }];
  if (target) {
    parts.push({ key: "online", size: reach.online, shade: late ? styles.late : styles.going });
    parts.push({ key: "offline", size: reach.offline, shade: styles.offline });
  }
  return (
    <div className={styles.progress}>
      <Bar thin label={t("reach.of", all)} total={reach.total} parts={parts} />
      <div className={styles.counts}>
        <PageLink to={agentsUrl(scope, [...others, has])}>{t("reach.of", all)}</PageLink>
        {target && reach.online > 0 && (
          <span>
            <Shape tone={late ? "warn" : "run"} />{" "}
            <PageLink to={rest(true)} title={late ? t("reach.lateAbout") : undefined}>
              {t(late ? "reach.late" : "reach.going", { shown: show(reach.online) })}
            </PageLink>
          </span>
        )}
        {target && reach.offline > 0 && (
          <span>
            <Shape tone="off" />{" "}
            <PageLink to={rest(false)}>{t("reach.offline", { shown: show(reach.offline) })}</PageLink>
          </span>
        )}
      </div>
    </div>
  );
}
