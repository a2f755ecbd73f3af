/** The configuration of one PC: what counts and why, and its own layer. */
import type { PanelProps } from "../registry";
import { Origins } from "./Origins";
import { PlaceEditor } from "./PlaceEditor";

export default function AgentConfig({ pcId }: PanelProps) {
  return (
    <>
      <Origins pcId={pcId} />
      <PlaceEditor key={pcId} place={{ kind: "pc", name: pcId }} />
    </>
  );
}
