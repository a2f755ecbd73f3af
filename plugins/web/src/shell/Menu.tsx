/** The menu, from what the running plugins declare. */
import { Skeleton, Tooltip } from "@mantine/core";
import { IconLock, IconPuzzle } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { NavLink, useMatch } from "react-router";
import { Failure } from "../design/States";
import { atLeast, usePrincipal } from "../lib/me";
import { type PageRow, SECTIONS, useContributions, useTitle } from "../lib/plugins";
import { iconOf } from "../pages/registry";
import styles from "./Menu.module.css";

/** Pages that stand in the menu: those without a variable part in their path. */
export function inMenu(page: PageRow): boolean {
  return page.kind === "page" && page.path !== "" && !page.path.includes(":");
}

export function Menu() {
  const { t } = useTranslation("shell");
  const { rows, data, error, refetch } = useContributions();
  if (!data && error) return <Failure inline error={error} retry={() => void refetch()} />;
  const shown = rows.filter(inMenu);
  return (
    <nav aria-label={t("menu.label")}>
      {!data && <Skeleton height={120} mt="xs" />}
      {SECTIONS.map((section) => {
        const pages = shown.filter((page) => page.section === section);
        if (pages.length === 0) return null;
        return (
          <div key={section} className={styles.section}>
            {section !== "overview" && <div className={styles.heading}>{t(`section.${section}`)}</div>}
            <ul className={styles.list}>
              {pages.map((page) => (
                <li key={page.id}>
                  <Entry page={page} exact={shown.some((other) => other.path.startsWith(`${page.path}/`))} />
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </nav>
  );
}

/** The menu may be longer than the window: where one is stays in sight. */
function useInSight(path: string, end: boolean) {
  const entry = useRef<HTMLAnchorElement>(null);
  const here = useMatch({ path, end }) !== null;
  useEffect(() => {
    const box = entry.current?.closest("nav")?.parentElement;
    if (!here || !box) return;
    // Also when what stands below the menu takes room from it.
    const watch = new ResizeObserver(() => entry.current?.scrollIntoView({ block: "nearest" }));
    watch.observe(box);
    return () => watch.disconnect();
  }, [here]);
  return entry;
}

/** `exact`: pages below it have entries of their own. */
function Entry({ page, exact }: { page: PageRow; exact: boolean }) {
  const { t } = useTranslation("shell");
  const title = useTitle()(page);
  const { data } = usePrincipal();
  const end = page.path === "/" || exact;
  const entry = useInSight(page.path, end);
  const Icon = iconOf(page.id) ?? IconPuzzle;
  if (data && !atLeast(data.role, page.role)) {
    const why = t("needs", { role: t(`role.${page.role}`) });
    return (
      <Tooltip label={why} position="right">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that the reason can be read by keyboard */}
        <span className={`${styles.entry} ${styles.closed}`} aria-disabled="true" tabIndex={0}>
          <Icon size={16} stroke={1.6} />
          <span>{title}</span>
          <IconLock size={12} aria-label={why} />
        </span>
      </Tooltip>
    );
  }
  return (
    <NavLink
      ref={entry}
      to={page.path}
      end={end}
      className={({ isActive }) => `${styles.entry} ${isActive ? styles.active : ""}`}
    >
      <Icon size={16} stroke={1.6} />
      <span>{title}</span>
    </NavLink>
  );
}
