/** A link that opens a row's sheet beside the list, which stays as it is: `open` in the URL names the row. */
import type { ReactNode } from "react";
import { Link, useSearchParams } from "react-router";

export function SheetLink({ id, children }: { id: string; children: ReactNode }) {
  const [params] = useSearchParams();
  const next = new URLSearchParams(params);
  next.set("open", id);
  return (
    <Link to={`?${next}`} preventScrollReset>
      {children}
    </Link>
  );
}
