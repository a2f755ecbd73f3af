/** Is my fleet well, and if not, where? One card for each plugin that has something to say. */
import { useTranslation } from "react-i18next";
import { Card } from "../../design/Card";
import { PageHead } from "../../design/PageHead";
import { Empty, SkeletonRows } from "../../design/States";
import { atLeast, usePrincipal } from "../../lib/me";
import { type PageRow, useContributions, useTitle } from "../../lib/plugins";
import { useNoAgents } from "../../pick/NoAgents";
import { Contribution } from "../../shell/Contribution";
import { FirstSteps } from "./FirstSteps";
import styles from "./overview.module.css";

export default function Overview() {
  const { t } = useTranslation("host");
  const { rows } = useContributions();
  const { data: me } = usePrincipal();
  const nobody = useNoAgents();
  const cards = rows.filter((row) => row.kind === "card" && me !== undefined && atLeast(me.role, row.role));
  return (
    <>
      <PageHead title={t("overview.title")} />
      {cards.length === 0 && <Empty title={t("overview.empty")}>{t("overview.emptyAbout")}</Empty>}
      {nobody && <FirstSteps />}
      <div className={styles.grid}>
        {cards.map((card) => (
          <OneCard key={card.id} card={card} />
        ))}
      </div>
    </>
  );
}

function OneCard({ card }: { card: PageRow }) {
  const title = useTitle()(card);
  const skeleton = (
    <Card title={title}>
      <SkeletonRows rows={3} />
    </Card>
  );
  const content = <Contribution row={card} skeleton={skeleton} />;
  return card.module === null ? content : <Card title={title}>{content}</Card>;
}
