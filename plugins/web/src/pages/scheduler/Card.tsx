/** What fires next, and which schedules have a problem. */

import { useTranslation } from "react-i18next";
import { Age } from "../../design/Age";
import { Card, Figures, Line, Lines } from "../../design/Card";
import { count } from "../../design/numbers";
import { PageLink } from "../../design/PageLink";
import { Loaded, SkeletonRows } from "../../design/States";
import { Status } from "../../design/Status";
import { visible } from "../../design/text";
import { useApi } from "../../lib/data";

interface State {
  schedule_id: string;
  next_due: string | null;
  problem: string | null;
}

const SHOWN = 5;
const TO = "/schedules";

export default function SchedulesCard() {
  const { t, i18n } = useTranslation("scheduler");
  const states = useApi<State[]>("/api/schedule-states", { topics: ["schedules"] });
  return (
    <Card title={t("card.title")} to={TO}>
      <Loaded of={states} skeleton={<SkeletonRows rows={4} />}>
        {(rows) => {
          const next = rows
            .filter((row) => row.next_due)
            .sort((a, b) => (a.next_due ?? "").localeCompare(b.next_due ?? ""));
          const bad = rows.filter((row) => row.problem);
          return (
            <>
              <Figures
                of={[
                  { value: count(next.length, i18n.language), label: t("card.ticking"), to: TO },
                  {
                    value: count(bad.length, i18n.language),
                    label: t("card.problems"),
                    to: TO,
                    tone: bad.length > 0 ? "bad" : undefined,
                  },
                ]}
              />
              {rows.length === 0 && <p className="soft">{t("card.empty")}</p>}
              <Lines>
                {bad.slice(0, SHOWN).map((row) => (
                  <Line key={`bad ${row.schedule_id}`} aside={visible(row.problem ?? "").slice(0, 60)}>
                    <Status tone="bad">{visible(row.schedule_id)}</Status>
                  </Line>
                ))}
                {next.slice(0, SHOWN).map((row) => (
                  <Line key={row.schedule_id} aside={<Age at={row.next_due} />}>
                    <PageLink to={`${TO}?q=${encodeURIComponent(row.schedule_id)}`}>
                      {visible(row.schedule_id)}
                    </PageLink>
                  </Line>
                ))}
              </Lines>
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}
