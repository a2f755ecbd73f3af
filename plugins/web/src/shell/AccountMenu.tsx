/** Who is logged in; theme, language, password, help, log-out. */
import { Menu, useMantineColorScheme } from "@mantine/core";
import {
  IconChevronUp,
  IconDeviceDesktop,
  IconKey,
  IconKeyboard,
  IconLanguage,
  IconLogout,
  IconMoon,
  IconSun,
  IconUserCircle,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { LANGUAGES, type Language, setLanguage } from "../i18n";
import { useApi } from "../lib/data";
import { logout } from "../lib/logout";
import { usePrincipal } from "../lib/me";
import { session } from "../lib/session";
import styles from "./AccountMenu.module.css";

const THEMES = [
  ["auto", IconDeviceDesktop],
  ["light", IconSun],
  ["dark", IconMoon],
] as const;

export function AccountMenu({ onHelp }: { onHelp: () => void }) {
  const { t, i18n } = useTranslation("shell");
  const navigate = useNavigate();
  const { data: me } = usePrincipal();
  const { data: account } = useApi("/api/auth/me", { topics: ["accounts"] });
  const { data: versions } = useApi<{ kanade_host: string }>("/api/version");
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  if (!me) return null;
  return (
    <Menu position="top-start" width={210}>
      <Menu.Target>
        <button type="button" className={styles.account}>
          <IconUserCircle size={17} stroke={1.6} />
          <span className={styles.name}>{me.subject}</span>
          <span className="soft">{t(`role.${me.role}`)}</span>
          <IconChevronUp size={13} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("account.theme")}</Menu.Label>
        {THEMES.map(([value, Icon]) => (
          <Menu.Item
            key={value}
            leftSection={<Icon size={15} />}
            aria-current={colorScheme === value}
            className={colorScheme === value ? styles.chosen : undefined}
            onClick={() => setColorScheme(value)}
          >
            {t(`theme.${value}`)}
          </Menu.Item>
        ))}
        <Menu.Label>{t("account.language")}</Menu.Label>
        {Object.entries(LANGUAGES).map(([value, label]) => (
          <Menu.Item
            key={value}
            lang={value}
            leftSection={<IconLanguage size={15} />}
            aria-current={i18n.language === value}
            className={i18n.language === value ? styles.chosen : undefined}
            onClick={() => void setLanguage(value as Language)}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconKeyboard size={15} />} onClick={onHelp}>
          {t("account.help")}
        </Menu.Item>
        {account !== undefined && (
          <Menu.Item leftSection={<IconKey size={15} />} onClick={() => navigate("/change-password")}>
            {t("account.password")}
          </Menu.Item>
        )}
        {session.token !== "" && (
          <Menu.Item leftSection={<IconLogout size={15} />} onClick={logout}>
            {t("account.logout")}
          </Menu.Item>
        )}
        {versions && <Menu.Label>{t("version", { version: versions.kanade_host })}</Menu.Label>}
      </Menu.Dropdown>
    </Menu>
  );
}
