/** A link in a cell: as light as a cell must be. The list follows it without loading the page anew. */
import type { ReactNode } from "react";
import { useReaches } from "../lib/reach";

export function CellLink({
  to,
  children,
  className,
}: {
  to: string;
  children: ReactNode;
  className?: string;
}) {
  if (!useReaches()(to)) return children; // its plugin does not run
  return (
    <a href={to} className={className} tabIndex={-1} data-cell>
      {children}
    </a>
  );
}
