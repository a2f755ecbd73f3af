/** What one may set for oneself. What is set for the host is set in its file. */

import { useTranslation } from "react-i18next";
import { PageHead, Section } from "../../design/PageHead";
import { PageLink } from "../../design/PageLink";
import { useApi } from "../../lib/data";
import { usePrincipal } from "../../lib/me";
import { LanguageSwitch, ThemeSwitch } from "../../shell/Switches";
import styles from "./host.module.css";

interface Versions {
  version: string;
  kanade_host: string;
}

export default function Settings() {
  const { t } = useTranslation("host");
  const { data: me } = usePrincipal();
  const { data: account } = useApi("/api/auth/me", { topics: ["accounts"] });
  const { data: versions } = useApi<Versions>("/api/version");
  return (
    <>
      <PageHead title={t("settings.title")} about={t("settings.intro")} />
      <Section title={t("settings.look")}>
        <dl className={styles.facts}>
          <dt>{t("settings.theme")}</dt>
          <dd>
            <ThemeSwitch />
          </dd>
          <dt>{t("settings.language")}</dt>
          <dd>
            <LanguageSwitch />
          </dd>
        </dl>
      </Section>
      <Section title={t("settings.you")}>
        <dl className={styles.facts}>
          <dt>{t("settings.name")}</dt>
          <dd>{me?.subject}</dd>
          <dt>{t("settings.role")}</dt>
          <dd>{me && t(`shell:role.${me.role}`)}</dd>
          {account !== undefined && (
            <>
              <dt>{t("settings.password")}</dt>
              <dd>
                <PageLink to="/change-password">{t("settings.change")}</PageLink>
              </dd>
            </>
          )}
        </dl>
      </Section>
      <Section title={t("settings.server")}>
        <dl className={styles.facts}>
          <dt>kanade_host</dt>
          <dd className="mono">{versions?.kanade_host}</dd>
          <dt>{t("settings.contract")}</dt>
          <dd className="mono">{versions?.version}</dd>
          <dt>{t("settings.api")}</dt>
          <dd className="mono">/api/openapi.json</dd>
        </dl>
      </Section>
    </>
  );
}
