/** The head of a page: its title, what it says in a line, and what can be done here. */
import type { ReactNode } from "react";
import { useEffect } from "react";
import styles from "./PageHead.module.css";

interface PageHeadProps {
  title: ReactNode;
  /** The title of the browser's tab where `title` is no text. */
  tab?: string;
  about?: ReactNode;
  actions?: ReactNode;
}

export function PageHead({ title, tab, about, actions }: PageHeadProps) {
  const name = tab ?? (typeof title === "string" ? title : "");
  useEffect(() => {
    document.title = name ? `${name} · Downbeat` : "Downbeat";
  }, [name]);
  return (
    <header className={styles.head}>
      <div>
        <h1 className={styles.title}>{title}</h1>
        {about && <div className={styles.about}>{about}</div>}
      </div>
      {actions && <div className={styles.actions}>{actions}</div>}
    </header>
  );
}

/** A part of a page, with a heading of its own. */
export function Section({
  title,
  actions,
  children,
}: {
  title: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={styles.section}>
      <div className={styles.sectionHead}>
        <h2 className={styles.sectionTitle}>{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  );
}
