/** A link to a page of a plugin; only its text while that plugin does not run. */
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useHasPage } from "../lib/plugins";

export function PageLink({ page, to, children }: { page: string; to: string; children: ReactNode }) {
  const there = useHasPage();
  return there(page) ? <Link to={to}>{children}</Link> : children;
}
