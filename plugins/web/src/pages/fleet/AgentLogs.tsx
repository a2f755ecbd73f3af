/** The log of one agent. */
import type { PanelProps } from "../registry";
import { Log } from "./Log";

export default function AgentLogs({ pcId }: PanelProps) {
  return <Log pcId={pcId} />;
}
