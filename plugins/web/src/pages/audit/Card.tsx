import { useTranslation } from "react-i18next";
import { Age } from "../../design/Age";
import { Card, Line, Lines } from "../../design/Card";
import { Loaded, SkeletonRows } from "../../design/States";
import { visible } from "../../design/text";
import { useApi } from "../../lib/data";
import type { AuditRecord } from "./records";

export default function AuditCard() {
  const { t } = useTranslation("audit");
  const newest = useApi<AuditRecord[]>("/api/audit", { query: { limit: 6 }, topics: ["audit"] });
  return (
    <Card title={t("card")} to="/audit">
      <Loaded of={newest} skeleton={<SkeletonRows rows={6} height={14} />}>
        {(rows) => (
          <Lines>
            {rows.map((row) => (
              <Line key={row.id} aside={<Age at={row.occurred_at} />}>
                {visible(row.actor)} · {visible(row.action)}{" "}
                <span className="mono">{visible(row.target ?? "")}</span>
              </Line>
            ))}
          </Lines>
        )}
      </Loaded>
    </Card>
  );
}
