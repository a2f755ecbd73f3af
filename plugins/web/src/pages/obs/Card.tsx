/** What happened on PCs in a day, by kind. */

import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Card, Line, Lines } from "../../design/Card";
import { count } from "../../design/numbers";
import { PageLink } from "../../design/PageLink";
import { Loaded, SkeletonRows } from "../../design/States";
import { Shape } from "../../design/Status";
import { visible } from "../../design/text";
import { useApi } from "../../lib/data";
import { listUrl } from "../../list/state";

interface Histogram {
  total: number;
  series: { key: string; total: number }[];
}

const STEP = 3_600_000;
const SHOWN = 6;
const WORST = new Set(["unexpected_shutdown"]);

export default function EventsCard() {
  const { t, i18n } = useTranslation("obs");
  const from = useMemo(() => new Date(Math.floor(Date.now() / STEP) * STEP - 86_400_000).toISOString(), []);
  const events = useApi<Histogram>("/api/obs_events/histogram", {
    query: { by: "kind", step: "1h", from },
    topics: ["obs"],
  });
  return (
    <Card title={t("card.title")} to="/events">
      <Loaded of={events} skeleton={<SkeletonRows rows={5} height={14} />}>
        {({ series }) =>
          series.length === 0 ? (
            <p className="soft">{t("card.empty")}</p>
          ) : (
            <Lines>
              {[...series]
                .sort((a, b) => Number(WORST.has(b.key)) - Number(WORST.has(a.key)) || b.total - a.total)
                .slice(0, SHOWN)
                .map((one) => (
                  <Line key={one.key} aside={count(one.total, i18n.language)}>
                    <Shape tone={WORST.has(one.key) ? "bad" : "wait"} />{" "}
                    <PageLink
                      to={listUrl("/events", { filters: [{ field: "kind", op: "eq", value: one.key }] })}
                    >
                      {visible(one.key)}
                    </PageLink>
                  </Line>
                ))}
            </Lines>
          )
        }
      </Loaded>
    </Card>
  );
}
