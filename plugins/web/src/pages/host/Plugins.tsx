import { PageHead } from "../../design/PageHead";

export default function Plugins() {
  return <PageHead title="Plugins" />;
}
