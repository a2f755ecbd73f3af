/** Theme and language, for the log-in page and the settings. */
import { type MantineColorScheme, Select, useMantineColorScheme } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { LANGUAGES, type Language, setLanguage } from "../i18n";

const THEMES: MantineColorScheme[] = ["auto", "light", "dark"];

export function ThemeSwitch() {
  const { t } = useTranslation("shell");
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Select
      aria-label={t("account.theme")}
      w={110}
      data={THEMES.map((value) => ({ value, label: t(`theme.${value}`) }))}
      value={colorScheme}
      onChange={(value) => setColorScheme((value ?? "auto") as MantineColorScheme)}
    />
  );
}

export function LanguageSwitch() {
  const { t, i18n } = useTranslation("shell");
  return (
    <Select
      aria-label={t("account.language")}
      w={110}
      data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
      value={i18n.language}
      onChange={(value) => void setLanguage((value ?? "en") as Language)}
    />
  );
}
