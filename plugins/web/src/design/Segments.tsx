/** A choice of a few views, as buttons beside each other. */
import { SegmentedControl } from "@mantine/core";
import styles from "./Segments.module.css";

interface SegmentsProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  data: { value: string; label: string }[];
}

export function Segments({ label, value, onChange, data }: SegmentsProps) {
  return (
    <SegmentedControl
      className={styles.segments}
      size="xs"
      aria-label={label}
      value={value}
      onChange={onChange}
      data={data}
    />
  );
}
