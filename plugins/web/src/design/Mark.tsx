/** The mark: the sign for a down-bow, over the point that the beat falls on. */
export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" fill="var(--accent)" />
      <g fill="var(--surface)">
        <path d="M7 8h18v15h-3.2V13.5H10.2V23H7z" />
        <circle cx="16" cy="21.4" r="2.6" />
      </g>
    </svg>
  );
}
