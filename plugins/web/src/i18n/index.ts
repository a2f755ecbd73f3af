/** Languages: one file for each plugin and language, one chunk for each language. */
import { createInstance, type ResourceLanguage } from "i18next";
import { initReactI18next } from "react-i18next";

export const LANGUAGES = { en: "English", ja: "日本語" } as const;
export type Language = keyof typeof LANGUAGES;

/** The key that kanade's own interface uses too. */
const KEY = "kanade_lang";
const packs: Record<Language, () => Promise<{ texts: ResourceLanguage }>> = {
  en: () => import("./en"),
  ja: () => import("./ja"),
};

export const i18n = createInstance();

function known(word: string | null | undefined): Language | null {
  const short = (word ?? "").slice(0, 2).toLowerCase();
  return short in LANGUAGES ? (short as Language) : null;
}

function preferred(): Language {
  let chosen: Language | null = null;
  try {
    chosen = known(localStorage.getItem(KEY));
  } catch {
    // nothing is kept
  }
  return chosen ?? navigator.languages.map(known).find((one) => one !== null) ?? "en";
}

async function load(language: Language): Promise<void> {
  const { texts } = await packs[language]();
  for (const [namespace, words] of Object.entries(texts)) {
    i18n.addResourceBundle(language, namespace, words, true, true);
  }
}

/** Load the language that is wanted, and show it. */
export async function startLanguage(): Promise<void> {
  const language = preferred();
  await i18n.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: {},
    defaultNS: "shell",
    interpolation: { escapeValue: false }, // React escapes
    react: { useSuspense: false },
  });
  await load(language);
  document.documentElement.lang = language;
}

export async function setLanguage(language: Language): Promise<void> {
  await load(language);
  await i18n.changeLanguage(language);
  document.documentElement.lang = language;
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // for this page only
  }
}
