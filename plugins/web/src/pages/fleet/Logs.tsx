/** Logs of any agent. */
import { useTranslation } from "react-i18next";
import { PageHead } from "../../design/PageHead";
import { Empty } from "../../design/States";
import { text, useUrlState } from "../../lib/urlState";
import { NoAgents, useNoAgents } from "../../pick/NoAgents";
import { PcSelect } from "./Config";
import styles from "./fleet.module.css";
import { Log } from "./Log";

const shape = { pc: text() };

export default function Logs() {
  const { t } = useTranslation("fleet");
  const [{ pc }, set] = useUrlState(shape);
  const nobody = useNoAgents();
  return (
    <>
      <PageHead title={t("log.title")} about={t("log.about")} />
      <div className={styles.choose}>
        <PcSelect value={pc} onChange={(next) => set({ pc: next }, { push: true })} />
      </div>
      {pc ? (
        <Log key={pc} pcId={pc} />
      ) : nobody ? (
        <NoAgents />
      ) : (
        <Empty title={t("config.choosePc")}>{t("log.chooseText")}</Empty>
      )}
    </>
  );
}
