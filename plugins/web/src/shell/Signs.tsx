/** How things stand that running plugins watch: each in its own boundary, so that none takes the shell along. */
import { Suspense } from "react";
import { useHasPage } from "../lib/plugins";
import { signs } from "../pages/signs";
import { Boundary } from "./Boundary";

export function Signs({ compact = false }: { compact?: boolean }) {
  const there = useHasPage();
  return signs
    .filter((one) => there(one.page))
    .map(({ page, Sign }) => (
      <Boundary key={page} quiet>
        <Suspense>
          <Sign compact={compact} />
        </Suspense>
      </Boundary>
    ));
}
