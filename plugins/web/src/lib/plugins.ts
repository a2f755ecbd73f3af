/** What the running plugins contribute to the interface. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { has } from "../pages/registry";
import { useApi } from "./data";
import type { Role } from "./me";

export type Section = "overview" | "fleet" | "work" | "release" | "system";
export const SECTIONS: readonly Section[] = ["overview", "fleet", "work", "release", "system"];

export interface PageRow {
  id: string;
  plugin: string;
  kind: "page" | "card" | "panel";
  title: Record<string, string>;
  section: Section;
  path: string;
  order: number;
  role: Role;
  /** Where the ES module of a plugin from outside is; null for what this bundle has. */
  module: string | null;
}

/** Pages, cards and panels that can be shown, in the order of the menu. */
export function useContributions() {
  const answer = useApi<{ pages: PageRow[] }>("/api/pages", { topics: ["plugins", "routes"] });
  const rows = useMemo(
    () => (answer.data?.pages ?? []).filter((page) => page.module !== null || has(page.id)),
    [answer.data],
  );
  return { ...answer, rows };
}

/** Whether a page is there, to link to it only then. */
export function useHasPage(): (id: string) => boolean {
  const { rows } = useContributions();
  return useMemo(() => {
    const ids = new Set(rows.map((page) => page.id));
    return (id: string) => ids.has(id);
  }, [rows]);
}

/** The title in the language that is shown. */
export function useTitle(): (page: PageRow) => string {
  const { i18n } = useTranslation();
  return (page) => page.title[i18n.language] ?? page.title.en ?? Object.values(page.title)[0] ?? page.id;
}
