/** How something stands, in the shell beside the sign of the live stream: each folder may export `signs`. */
import { type ComponentType, type LazyExoticComponent, lazy } from "react";

export interface SignProps {
  /** On a phone, in the bar: the shape alone. */
  compact: boolean;
}

interface Declared {
  /** The id of the page that must be there: the plugin runs. */
  page: string;
  load: () => Promise<{ default: ComponentType<SignProps> }>;
}

export type Signs = readonly Declared[];

export interface Sign {
  page: string;
  Sign: LazyExoticComponent<ComponentType<SignProps>>;
}

const folders = import.meta.glob<{ signs?: Signs }>("./*/index.ts", { eager: true });

export const signs: readonly Sign[] = Object.values(folders)
  .flatMap((folder) => folder.signs ?? [])
  .map(({ page, load }) => ({ page, Sign: lazy(load) }));
