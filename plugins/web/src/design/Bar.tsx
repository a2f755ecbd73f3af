/** Numbers as parts of one bar, each as wide as its share. */
import styles from "./Bar.module.css";

export interface Part {
  key: string;
  size: number;
  /** A class that says `fill`. */
  shade: string | undefined;
}

interface BarProps {
  parts: readonly Part[];
  /** The same in words. */
  label: string;
  /** What the whole bar stands for; by default the sum of its parts. */
  total?: number;
  thin?: boolean;
}

export function Bar({ parts, label, total, thin = false }: BarProps) {
  const sum = (some: readonly Part[]) => some.reduce((before, one) => before + one.size, 0);
  return (
    <svg
      className={`${styles.bar} ${thin ? styles.thin : ""}`}
      role="img"
      aria-label={label}
      viewBox={`0 0 ${Math.max(1, total ?? sum(parts))} 1`}
      preserveAspectRatio="none"
    >
      {parts.map((one, place) => (
        <rect
          key={one.key}
          className={one.shade}
          x={sum(parts.slice(0, place))}
          width={one.size}
          height={1}
        />
      ))}
    </svg>
  );
}
