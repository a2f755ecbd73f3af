/** Ctrl-K: pages, what pages offer to be found, and actions. */

import { useMantineColorScheme } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { createSpotlight, Spotlight, type SpotlightActionGroupData } from "@mantine/spotlight";
import { IconLogout, IconMoon, IconPuzzle, IconSearch, IconSun } from "@tabler/icons-react";
import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { visible } from "../design/text";
import { logout } from "../lib/logout";
import { atLeast, usePrincipal } from "../lib/me";
import { useContributions, useHasPage, useTitle } from "../lib/plugins";
import { finders } from "../pages/findable";
import { iconOf } from "../pages/registry";
import { inMenu } from "./Menu";

const LEAST = 2;
const [store, spotlight] = createSpotlight();

export function openPalette(): void {
  spotlight.open();
}

export function Palette() {
  const { t } = useTranslation("shell");
  const [asked, setAsked] = useState("");
  const pages = usePageActions();
  const [settled] = useDebouncedValue(asked.trim(), 150);
  const found = useFound(settled);
  const actions: SpotlightActionGroupData[] = [
    ...found,
    { group: t("palette.pages"), actions: pages },
    { group: t("palette.actions"), actions: useOwnActions() },
  ];
  return (
    <Spotlight
      store={store}
      actions={actions}
      query={asked}
      onQueryChange={setAsked}
      shortcut={["mod + K"]}
      nothingFound={t("palette.nothing")}
      highlightQuery
      scrollable
      maxHeight={420}
      searchProps={{
        leftSection: <IconSearch size={16} />,
        placeholder: t("palette.placeholder"),
        "aria-label": t("palette.open"),
      }}
    />
  );
}

function usePageActions() {
  const navigate = useNavigate();
  const { rows } = useContributions();
  const titleOf = useTitle();
  const { t } = useTranslation("shell");
  const { data } = usePrincipal();
  return rows
    .filter((page) => inMenu(page) && data !== undefined && atLeast(data.role, page.role))
    .map((page) => {
      const Icon = iconOf(page.id) ?? IconPuzzle;
      return {
        id: page.id,
        label: titleOf(page),
        description: t(`section.${page.section}`),
        keywords: [page.title.en ?? "", page.path],
        leftSection: <Icon size={16} stroke={1.6} />,
        onClick: () => navigate(page.path),
      };
    });
}

function useOwnActions() {
  const { t } = useTranslation("shell");
  const { setColorScheme } = useMantineColorScheme();
  return [
    {
      id: "light",
      label: `${t("account.theme")}: ${t("theme.light")}`,
      leftSection: <IconSun size={16} />,
      onClick: () => setColorScheme("light"),
    },
    {
      id: "dark",
      label: `${t("account.theme")}: ${t("theme.dark")}`,
      leftSection: <IconMoon size={16} />,
      onClick: () => setColorScheme("dark"),
    },
    {
      id: "logout",
      label: t("account.logout"),
      leftSection: <IconLogout size={16} />,
      onClick: logout,
    },
  ];
}

/** What pages offer to be found: PCs, jobs and the like. */
function useFound(asked: string): SpotlightActionGroupData[] {
  const navigate = useNavigate();
  const { i18n } = useTranslation();
  const there = useHasPage();
  const usable = finders.filter((one) => there(one.page));
  const answers = useQueries({
    queries: usable.map((one) => ({
      queryKey: ["find", one.page, asked],
      queryFn: ({ signal }: { signal: AbortSignal }) => one.search(asked, signal),
      enabled: asked.length >= LEAST,
      staleTime: 30_000,
    })),
  });
  return usable.flatMap((one, place) => {
    const found = answers[place]?.data ?? [];
    if (asked.length < LEAST || found.length === 0) return [];
    const actions = found.map((hit) => ({
      id: `${one.page}:${hit.to}`,
      label: visible(hit.label),
      description: hit.about,
      keywords: [asked], // the server has searched already
      onClick: () => navigate(hit.to),
    }));
    return [{ group: i18n.t(one.title), actions }];
  });
}
