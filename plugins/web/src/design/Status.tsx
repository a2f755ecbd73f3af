/** How something stands, by shape, word and colour: none of them alone. */
import type { ReactNode } from "react";
import styles from "./Status.module.css";

export type Tone = "ok" | "warn" | "bad" | "run" | "wait" | "off";

const SHAPES: Record<Tone, ReactNode> = {
  ok: (
    <>
      <circle cx="6" cy="6" r="5.5" fill="currentColor" />
      <path d="M3.4 6.2l1.8 1.8 3.4-3.8" fill="none" stroke="var(--surface)" strokeWidth="1.4" />
    </>
  ),
  warn: <path d="M6 .8l5.6 10.2H.4z" fill="currentColor" />,
  bad: (
    <>
      <path d="M6 .2L11.8 6 6 11.8.2 6z" fill="currentColor" />
      <path d="M4.2 4.2l3.6 3.6m0-3.6L4.2 7.8" fill="none" stroke="var(--surface)" strokeWidth="1.3" />
    </>
  ),
  run: (
    <>
      <circle cx="6" cy="6" r="4.9" fill="none" stroke="currentColor" strokeWidth="1.2" />
      <path d="M6 1.1a4.9 4.9 0 0 1 0 9.8z" fill="currentColor" />
    </>
  ),
  wait: (
    <circle
      cx="6"
      cy="6"
      r="4.9"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.2"
      strokeDasharray="2.4 1.6"
    />
  ),
  off: (
    <>
      <circle cx="6" cy="6" r="4.9" fill="none" stroke="currentColor" strokeWidth="1.2" />
      <path d="M3.6 6h4.8" stroke="currentColor" strokeWidth="1.2" />
    </>
  ),
};

export function Shape({ tone, size = 11 }: { tone: Tone; size?: number }) {
  return (
    <svg
      className={`${styles.shape} ${styles[tone]}`}
      width={size}
      height={size}
      viewBox="0 0 12 12"
      aria-hidden="true"
      focusable="false"
    >
      {SHAPES[tone]}
    </svg>
  );
}

interface StatusProps {
  tone: Tone;
  children: ReactNode;
  /** On a soft ground, for lists where the state is what one looks for. */
  chip?: boolean;
  title?: string;
}

export function Status({ tone, children, chip = false, title }: StatusProps) {
  return (
    <span className={`${styles.status} ${styles[tone]} ${chip ? styles.chip : ""}`} title={title}>
      <Shape tone={tone} />
      <span>{children}</span>
    </span>
  );
}
