/** Download of exactly what is filtered. */
import { type Query, send } from "../lib/api";

/** Saves the answer as a file; answers why it is not all of it, if so. */
export async function download(path: string, query: Query, name: string): Promise<string | null> {
  const response = await send("GET", path, { query });
  const file = await response.blob();
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return response.headers.get("x-kanade-incomplete");
}

/** `agents-2026-11-28.csv`. */
export function fileName(name: string, format: string): string {
  return `${name}-${new Date().toISOString().slice(0, 10)}.${format}`;
}
