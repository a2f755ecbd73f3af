import type { ResourceLanguage } from "i18next";

const files = import.meta.glob<ResourceLanguage>("./ja/*.json", { eager: true, import: "default" });

export const texts: ResourceLanguage = Object.fromEntries(
  Object.entries(files).map(([file, words]) => [file.replace(/^.*\/|\.json$/g, ""), words]),
);
