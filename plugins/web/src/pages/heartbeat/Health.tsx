/** How many agents there are, who is online, and which versions they run. */

import { useTranslation } from "react-i18next";
import { Card, Figures, Line, Lines } from "../../design/Card";
import { count } from "../../design/numbers";
import { PageLink } from "../../design/PageLink";
import { Loaded, SkeletonRows } from "../../design/States";
import { visible } from "../../design/text";
import { useApi } from "../../lib/data";
import { listUrl } from "../../list/state";

interface Facets {
  total: number;
  total_capped: boolean;
  facets: { by: string; values_total: number; values: { value: string | null; count: number }[] }[];
}

const SHOWN = 4;

function agents(field: string, value: string): string {
  return listUrl("/agents", { filters: [{ field, op: "eq", value }] });
}

export default function Health() {
  const { t, i18n } = useTranslation("heartbeat");
  // Who is online changes by the clock, without any event.
  const about = { topics: ["agents"], everySeconds: 30 };
  const online = useApi<Facets>("/api/fleet/facets", { query: { by: "online" }, ...about });
  const versions = useApi<Facets>("/api/fleet/facets", { query: { by: "version", limit: SHOWN }, ...about });
  return (
    <Card title={t("card.title")} to="/agents">
      <Loaded of={online} skeleton={<SkeletonRows rows={3} />}>
        {(found) => {
          const values = found.facets[0]?.values ?? [];
          const of = (value: string) => values.find((one) => one.value === value)?.count ?? 0;
          const known = values.reduce((sum, one) => sum + one.count, 0);
          return (
            <Figures
              of={[
                { value: count(known, i18n.language), label: t("card.known"), to: "/agents" },
                {
                  value: count(of("true"), i18n.language),
                  label: t("card.online"),
                  to: agents("online", "true"),
                },
                {
                  value: count(of("false"), i18n.language),
                  label: t("card.offline"),
                  to: agents("online", "false"),
                  tone: of("false") > 0 ? "warn" : undefined,
                },
              ]}
            />
          );
        }}
      </Loaded>
      <Lines>
        {(versions.data?.facets[0]?.values ?? []).slice(0, SHOWN).map((one) => (
          <Line key={one.value ?? ""} aside={count(one.count, i18n.language)}>
            {one.value ? (
              <PageLink to={agents("version", one.value)}>
                {t("card.version", { version: visible(one.value) })}
              </PageLink>
            ) : (
              t("card.noVersion")
            )}
          </Line>
        ))}
      </Lines>
    </Card>
  );
}
