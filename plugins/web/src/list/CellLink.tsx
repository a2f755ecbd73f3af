/** A link in a cell: as light as a cell must be. The list follows it without loading the page anew. */
import type { ReactNode } from "react";

export function CellLink({
  to,
  children,
  className,
}: {
  to: string;
  children: ReactNode;
  className?: string;
}) {
  return (
    <a href={to} className={className} tabIndex={-1} data-cell>
      {children}
    </a>
  );
}
