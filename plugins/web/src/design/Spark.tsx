/** A small line without axes, for cards. */
interface SparkProps {
  values: readonly number[];
  /** The top of the scale where nothing is higher. */
  most: number;
  label: string;
}

const WIDTH = 240;
const HEIGHT = 36;

export function Spark({ values, most, label }: SparkProps) {
  if (values.length < 2) return null;
  const top = Math.max(most, ...values);
  const points = values.map((value, place) => {
    const x = (place / (values.length - 1)) * WIDTH;
    return `${x.toFixed(1)},${(HEIGHT - 2 - (value / top) * (HEIGHT - 4)).toFixed(1)}`;
  });
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      height={HEIGHT}
      width="100%"
      preserveAspectRatio="none"
      role="img"
    >
      <title>{label}</title>
      <polyline
        points={points.join(" ")}
        fill="none"
        stroke="var(--accent)"
        strokeWidth="1.5"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
