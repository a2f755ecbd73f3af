/** A link within the interface; only its text while the plugin that brings the page does not run. */
import { Link, type LinkProps } from "react-router";
import { useReaches } from "../lib/reach";

interface PageLinkProps extends LinkProps {
  to: string;
}

export function PageLink(props: PageLinkProps) {
  return useReaches()(props.to) ? <Link {...props} /> : props.children;
}
