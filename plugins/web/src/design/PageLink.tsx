/** A link within the interface; only its text while the plugin that brings the page does not run. */
import type { ReactNode } from "react";
import { Link, type LinkProps } from "react-router";
import { useReaches } from "../lib/reach";

interface PageLinkProps extends LinkProps {
  to: string;
  /** What stands there instead of the bare text. */
  otherwise?: ReactNode;
}

export function PageLink({ otherwise, ...link }: PageLinkProps) {
  return useReaches()(link.to) ? <Link {...link} /> : (otherwise ?? link.children);
}
