/** Exactly who is meant: their number, their names, and the names that are nobody's. */

import { Anchor, Button, Skeleton } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { count } from "../design/numbers";
import { PageLink } from "../design/PageLink";
import { Failure } from "../design/States";
import { visible } from "../design/text";
import { path } from "../lib/api";
import { AgentsNotKept, useAgentsKept } from "./AgentsKept";
import styles from "./pick.module.css";
import type { Resolved, Target } from "./target";

const FEW = 24;
const MANY = 1_000;

interface PreviewProps {
  target: Target;
  resolved: {
    data?: Resolved;
    error: Error | null;
    isPending: boolean;
    current: boolean;
    refetch: () => unknown;
  };
  /** Go on with exactly these names. */
  onNames: (names: string[]) => void;
}

export function Preview({ target, resolved, onNames }: PreviewProps) {
  const { t, i18n } = useTranslation("pick");
  const [whole, setWhole] = useState(false);
  const kept = useAgentsKept();
  if (!kept) return <AgentsNotKept />;
  if (target.kind === "none") return <div className="soft">{t("nobody")}</div>;
  const { data } = resolved;
  if (resolved.error) return <Failure error={resolved.error} retry={() => void resolved.refetch()} inline />;
  if (!data) return <Skeleton height={40} />;
  const shown = data.matched.slice(0, whole ? MANY : FEW);
  const hidden = data.matched.length - shown.length;
  return (
    <div className={styles.preview} data-stale={!resolved.current || undefined} aria-busy={!resolved.current}>
      <div aria-live="polite">
        <strong>{t("total", { count: data.total, shown: count(data.total, i18n.language) })}</strong>
        {target.kind === "all" && <span className="soft"> {t("allLater")}</span>}
      </div>
      {data.unknown.length > 0 && (
        <Notice
          title={t("unknown", {
            count: data.unknown.length,
            shown: count(data.unknown.length, i18n.language),
          })}
          list={data.unknown}
          action={t("withoutUnknown")}
          onAction={target.kind === "names" ? () => onNames(data.matched) : undefined}
        />
      )}
      {Object.keys(data.ambiguous).length > 0 && (
        <Notice
          title={t("ambiguous", { count: Object.keys(data.ambiguous).length })}
          list={Object.entries(data.ambiguous).map(([name, pcs]) => `${name} = ${pcs.join(", ")}`)}
        />
      )}
      {shown.length > 0 && (
        <ul className={styles.names}>
          {shown.map((pc) => (
            <li key={pc}>
              <PageLink to={path`/agents/${pc}`} target="_blank" rel="noopener">
                {visible(pc)}
              </PageLink>
            </li>
          ))}
        </ul>
      )}
      {hidden > 0 && !whole && (
        <Anchor component="button" type="button" size="sm" onClick={() => setWhole(true)}>
          {t("showAll", { shown: count(data.matched.length, i18n.language) })}
        </Anchor>
      )}
      {hidden > 0 && whole && (
        <div className="soft">{t("andMore", { shown: count(hidden, i18n.language) })}</div>
      )}
    </div>
  );
}

function Notice({
  title,
  list,
  action,
  onAction,
}: {
  title: string;
  list: readonly string[];
  action?: string;
  onAction?: () => void;
}) {
  const { t, i18n } = useTranslation("pick");
  const shown = list.slice(0, FEW);
  return (
    <div className={styles.notice} role="alert">
      <strong>{title}</strong>
      <br />
      <span className="mono">{shown.map(visible).join(" · ")}</span>
      {list.length > shown.length && (
        <span> {t("andMore", { shown: count(list.length - shown.length, i18n.language) })}</span>
      )}
      {onAction && (
        <div>
          <Button size="compact-xs" mt={6} onClick={onAction}>
            {action}
          </Button>
        </div>
      )}
    </div>
  );
}
