/** A page of a plugin from outside: an ES module that the host serves out of the plugin's package. */

import { PageHead } from "../design/PageHead";
import type { PageRow } from "../lib/plugins";
import { useTitle } from "../lib/plugins";

export default function Outside({ page }: { page: PageRow }) {
  return <PageHead title={useTitle()(page)} />;
}
