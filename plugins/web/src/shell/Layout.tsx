/** The menu beside the page; on a phone above it, as a drawer. */
import { ActionIcon, Drawer } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconMenu2, IconSearch } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "react-router";
import { Mark } from "../design/Mark";
import { ReachProvider } from "../lib/reach";
import { AccountMenu } from "./AccountMenu";
import { KeyHelp, useKeys } from "./Keys";
import styles from "./Layout.module.css";
import { LiveSign } from "./LiveSign";
import { Menu } from "./Menu";
import { Pages } from "./Pages";
import { openPalette, Palette } from "./Palette";
import { Signs } from "./Signs";

interface LayoutProps {
  /** No menu and no pages: something has to be done first. */
  bare?: boolean;
  /** In place of the pages. */
  children?: ReactNode;
}

export function Layout({ bare = false, children }: LayoutProps) {
  const { t } = useTranslation("shell");
  const [menu, { open, close }] = useDisclosure(false);
  const [help, helping] = useDisclosure(false);
  const { pathname } = useLocation();
  useKeys(helping.open);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page is a reason to close the drawer
  useEffect(close, [pathname]);

  const brand = (
    <Link to="/" className={styles.brand}>
      <Mark />
      <span>Downbeat</span>
    </Link>
  );
  return (
    <ReachProvider>
      <div className={styles.frame}>
        <a className={styles.skip} href="#content">
          {t("skip")}
        </a>
        <aside className={styles.side}>
          {brand}
          {!bare && <SearchButton />}
          <div className={styles.menu}>{!bare && <Menu />}</div>
          <Foot bare={bare} onHelp={helping.open} />
        </aside>
        <header className={styles.top}>
          <ActionIcon size={36} aria-label={t("menu.open")} onClick={open}>
            <IconMenu2 size={20} />
          </ActionIcon>
          {brand}
          {!bare && <Signs compact />}
          <LiveSign compact />
          <ActionIcon size={36} aria-label={t("palette.open")} onClick={openPalette}>
            <IconSearch size={18} />
          </ActionIcon>
        </header>
        <Drawer
          opened={menu}
          onClose={close}
          size={270}
          title={brand}
          closeButtonProps={{ "aria-label": t("close") }}
          classNames={{ body: styles.drawer }}
        >
          <div className={styles.menu}>{!bare && <Menu />}</div>
          <Foot bare={bare} onHelp={helping.open} />
        </Drawer>
        <main id="content" className={styles.main} tabIndex={-1}>
          {children ?? <Pages />}
        </main>
        {!bare && <Palette />}
        <KeyHelp opened={help} onClose={helping.close} />
      </div>
    </ReachProvider>
  );
}

function SearchButton() {
  const { t } = useTranslation("shell");
  return (
    <button type="button" className={styles.search} onClick={openPalette}>
      <IconSearch size={14} />
      <span>{t("palette.open")}</span>
      <kbd>{/Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘K" : "Ctrl K"}</kbd>
    </button>
  );
}

function Foot({ bare, onHelp }: { bare: boolean; onHelp: () => void }) {
  return (
    <div className={styles.foot}>
      {!bare && <Signs />}
      <LiveSign />
      <AccountMenu onHelp={onHelp} />
    </div>
  );
}
