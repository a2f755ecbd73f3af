/** One record in full, and what it changed against the last of the same action on the same target. */

import { useTranslation } from "react-i18next";
import { Age, absolute } from "../../design/Age";
import { Output } from "../../design/Output";
import { PageLink } from "../../design/PageLink";
import { Loaded, SkeletonRows } from "../../design/States";
import { visible } from "../../design/text";
import { useApi } from "../../lib/data";
import { listUrl } from "../../list/state";
import styles from "./audit.module.css";
import { type AuditRecord, type Difference, differences, exactly } from "./records";

export function Effect({ record }: { record: AuditRecord }) {
  const { t } = useTranslation("audit");
  const whole = record.payload === null ? "" : JSON.stringify(record.payload, null, 2);
  return (
    <div className={styles.effect}>
      <div className="soft">
        {record.occurred_at && absolute(record.occurred_at)} · {t("record", { id: record.id })}
        {record.target && (
          <>
            {" · "}
            <PageLink
              to={listUrl("/audit", {
                filters: [{ field: "target", op: "contains", value: exactly(record.target) }],
              })}
            >
              {t("ofTarget")}
            </PageLink>
          </>
        )}
      </div>
      {record.target && typeof record.payload === "object" && record.payload !== null && (
        <Against record={record} target={record.target} />
      )}
      {whole && (
        <div>
          <h3>{t("payload")}</h3>
          <Output label={t("payload")} text={whole} />
        </div>
      )}
    </div>
  );
}

function Against({ record, target }: { record: AuditRecord; target: string }) {
  const { t } = useTranslation("audit");
  const query = { limit: 1, before: record.id, action: exactly(record.action), target: exactly(target) };
  const earlier = useApi<AuditRecord[]>("/api/audit", { query });
  return (
    <Loaded of={earlier} skeleton={<SkeletonRows rows={2} />}>
      {([before]) => {
        if (!before) return <p className="soft">{t("first")}</p>;
        const found = differences(before.payload, record.payload);
        return (
          <div>
            <h3>
              {t("against")} <Age at={before.occurred_at} />
            </h3>
            {found.length === 0 && <p className="soft">{t("same")}</p>}
            <dl className={styles.diff}>
              {found.map((one) => (
                <DiffRow key={one.key} of={one} />
              ))}
            </dl>
          </div>
        );
      }}
    </Loaded>
  );
}

function DiffRow({ of: { key, before, after } }: { of: Difference }) {
  return (
    <>
      <dt>{visible(key)}</dt>
      <dd>
        {before !== undefined && <del>{visible(before)}</del>}
        {after !== undefined && <ins>{visible(after)}</ins>}
      </dd>
    </>
  );
}
