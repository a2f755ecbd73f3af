/** A card of the overview: what it is about, one number that says it all, and what lies behind. */

import type { ReactNode } from "react";
import styles from "./Card.module.css";
import { PageLink } from "./PageLink";
import { Shape, type Tone } from "./Status";

interface CardProps {
  title: string;
  /** The page behind it; no link while it is not there. */
  to?: string;
  children: ReactNode;
  wide?: boolean;
}

export function Card({ title, to, children, wide = false }: CardProps) {
  return (
    <section className={`${styles.card} ${wide ? styles.wide : ""}`} aria-label={title}>
      <h2 className={styles.title}>{to ? <PageLink to={to}>{title}</PageLink> : title}</h2>
      {children}
    </section>
  );
}

export interface Figure {
  value: ReactNode;
  label: string;
  /** The rows behind the number; no link while their page is not there. */
  to?: string;
  tone?: Tone;
}

/** Numbers beside each other, each a link to the rows behind it. */
export function Figures({ of }: { of: readonly Figure[] }) {
  return (
    <ul className={styles.figures}>
      {of.map((one) => (
        <li key={one.label}>
          <FigureLink to={one.to}>
            <span className={`${styles.value} ${one.tone ? styles[one.tone] : ""}`}>
              {one.tone && one.tone !== "ok" && <Shape tone={one.tone} size={13} />}
              {one.value}
            </span>
            <span className={styles.label}>{one.label}</span>
          </FigureLink>
        </li>
      ))}
    </ul>
  );
}

function FigureLink({ to, children }: { to?: string; children: ReactNode }) {
  const plain = <span className={styles.figure}>{children}</span>;
  if (!to) return plain;
  return (
    <PageLink className={styles.figure} to={to} otherwise={plain}>
      {children}
    </PageLink>
  );
}

/** Short lines under the numbers: the newest, the worst. */
export function Lines({ children }: { children: ReactNode }) {
  return <ul className={styles.lines}>{children}</ul>;
}

export function Line({ children, aside }: { children: ReactNode; aside?: ReactNode }) {
  return (
    <li className={styles.line}>
      <span className={styles.main}>{children}</span>
      {aside && <span className={styles.aside}>{aside}</span>}
    </li>
  );
}
