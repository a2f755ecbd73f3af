/** What is known about one thing, name by name. What is not known, or does not apply, is left out. */
import { Fragment, type ReactNode } from "react";
import styles from "./Facts.module.css";

export type Fact = readonly [name: string, value: ReactNode];

export function Facts({ of }: { of: readonly Fact[] }) {
  return (
    <dl className={styles.facts}>
      {of
        .filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "")
        .map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
    </dl>
  );
}
