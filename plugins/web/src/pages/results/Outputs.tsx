/** What the targets said: equal outputs are one group with a count. */

import { useTranslation } from "react-i18next";
import { count } from "../../design/numbers";
import { Output } from "../../design/Output";
import { PageLink } from "../../design/PageLink";
import { Empty, Loaded } from "../../design/States";
import { visible } from "../../design/text";
import { path } from "../../lib/api";
import { useApi } from "../../lib/data";
import { listUrl } from "../../list/state";
import { ResultMark } from "./marks";
import styles from "./results.module.css";
import type { OutputGroup } from "./runs";

interface Groups {
  groups_total: number;
  without: number;
  groups: OutputGroup[];
}

export function Outputs({ execId }: { execId: string }) {
  const { t, i18n } = useTranslation("results");
  const answer = useApi<Groups>(path`/api/executions/${execId}/outputs`, {
    topics: ["executions", "results"],
  });
  return (
    <Loaded of={answer}>
      {({ groups, groups_total, without }) =>
        groups.length === 0 ? (
          <Empty title={t("outputs.empty")}>{t("outputs.emptyText")}</Empty>
        ) : (
          <>
            <p className="soft" aria-live="polite">
              {t("outputs.groups", { count: groups_total })}
              {without > 0 &&
                ` · ${t("outputs.without", { count: without, shown: count(without, i18n.language) })}`}
              {groups.length < groups_total && ` · ${t("outputs.first", { count: groups.length })}`}
            </p>
            {groups.map((group) => (
              <Group key={group.output} execId={execId} group={group} />
            ))}
          </>
        )
      }
    </Loaded>
  );
}

function Group({ execId, group }: { execId: string; group: OutputGroup }) {
  const { t, i18n } = useTranslation("results");
  const filter = { field: "output", op: "eq", value: group.output } as const;
  const nothing = !group.stdout && !group.stderr;
  return (
    <article className={styles.group}>
      <div className={styles.groupHead}>
        <PageLink to={listUrl(path`/executions/${execId}`, { filters: [filter] })}>
          <strong>
            {t("outputs.pcs", { count: group.count, shown: count(group.count, i18n.language) })}
          </strong>
        </PageLink>
        <ResultMark row={{ exit_code: group.exit_code, finished_at: "" }} />
        {group.result_id && <PageLink to={path`/activity/${group.result_id}`}>{t("outputs.one")}</PageLink>}
      </div>
      {group.stdout && <Output text={group.stdout} label={t("column.stdout")} most={2_000} />}
      {group.stderr && <Output text={group.stderr} label={t("column.stderr")} most={2_000} />}
      {nothing && <p className="soft">{t("outputs.nothing")}</p>}
      <div className={`${styles.pcs} mono`}>
        {group.pcs.map(visible).join("  ")}
        {group.count > group.pcs.length && " …"}
      </div>
    </article>
  );
}
