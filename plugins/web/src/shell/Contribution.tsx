/** One page, card or panel, whoever it is from: what it throws stays in its place. */
import { lazy, type ReactNode, Suspense } from "react";
import { SkeletonRows } from "../design/States";
import type { PageRow } from "../lib/plugins";
import { component } from "../pages/registry";
import { Boundary } from "./Boundary";

const Outside = lazy(() => import("./outside/Outside"));

interface ContributionProps {
  row: PageRow;
  /** Of a panel. */
  pcId?: string;
  skeleton?: ReactNode;
}

export function Contribution({ row, pcId = "", skeleton = <SkeletonRows /> }: ContributionProps) {
  const Content = component(row.id);
  return (
    <Boundary>
      <Suspense fallback={skeleton}>
        {Content ? <Content pcId={pcId} /> : <Outside page={row} pcId={pcId} />}
      </Suspense>
    </Boundary>
  );
}
