/** Everything that this bundle can show, by the id that a plugin declares in `kanade_pages`. */
import type { Icon } from "@tabler/icons-react";
import { type ComponentType, type LazyExoticComponent, lazy } from "react";

export interface Entry {
  /** The page, card or panel itself, loaded when it is first shown. */
  load: () => Promise<{ default: ComponentType }>;
  /** In the menu; pages only. */
  icon?: Icon;
}

/** A panel of the agent page is given the agent's id. */
export interface PanelProps {
  pcId: string;
}

export interface PanelEntry {
  load: () => Promise<{ default: ComponentType<PanelProps> }>;
}

export type Entries = Record<string, Entry | PanelEntry>;

const folders = import.meta.glob<{ entries: Entries }>("./*/index.ts", { eager: true });
const all: Entries = Object.assign({}, ...Object.values(folders).map((folder) => folder.entries));
const made = new Map<string, LazyExoticComponent<ComponentType<PanelProps>>>();

export function has(id: string): boolean {
  return id in all;
}

export function iconOf(id: string): Icon | undefined {
  const entry = all[id];
  return entry && "icon" in entry ? entry.icon : undefined;
}

/** The component, loaded lazily; always the same one for an id. */
export function component(id: string): LazyExoticComponent<ComponentType<PanelProps>> | null {
  const entry = all[id];
  if (!entry) return null;
  let found = made.get(id);
  if (!found) {
    found = lazy(entry.load as PanelEntry["load"]);
    made.set(id, found);
  }
  return found;
}
