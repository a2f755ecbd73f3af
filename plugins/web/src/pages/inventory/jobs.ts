/** The jobs that bring inventory, and their tables. */
import { absolute } from "../../design/Age";
import { bytes, count } from "../../design/numbers";
import { visible } from "../../design/text";
import { useApi } from "../../lib/data";

export interface DisplayField {
  field: string;
  label: string;
  type?: string | null;
  columns?: DisplayField[] | null;
}

export interface InventoryJob {
  manifest_id: string;
  description: string | null;
  display: DisplayField[];
  summary: DisplayField[] | null;
  explode: { field: string; table: string; columns: { field: string; type?: string | null }[] }[] | null;
}

export function useInventoryJobs() {
  return useApi<InventoryJob[]>("/api/inventory/jobs", { topics: ["kv:jobs"] });
}

/** A value as the manifest says that it is meant. */
export function rendered(value: unknown, type: string | null | undefined, language?: string): string {
  if (value === null || value === undefined) return "—";
  if (type === "bytes" && typeof value === "number") return bytes(value);
  if ((type === "number" || type === "integer" || type === "real") && typeof value === "number")
    return count(value, language);
  if (type === "timestamp" && (typeof value === "string" || typeof value === "number")) {
    // Seconds and milliseconds both occur; nothing of this century is below the bound as milliseconds.
    const at = typeof value === "number" && value < 100_000_000_000 ? value * 1_000 : value;
    return visible(absolute(at));
  }
  if (Array.isArray(value)) return count(value.length, language);
  return visible(typeof value === "object" ? JSON.stringify(value) : String(value));
}
