/** Downloads. What is large goes straight to the disk where the browser can do that, instead of through memory. */
import { send } from "../../lib/api";
import { download } from "../../list/exporting";

const LARGE = 256 * 1024 * 1024;

interface Handle {
  createWritable: () => Promise<WritableStream<Uint8Array>>;
}

type Picker = (options: { suggestedName: string }) => Promise<Handle>;

export async function save(to: string, name: string, size: number): Promise<void> {
  const pick = (window as { showSaveFilePicker?: Picker }).showSaveFilePicker;
  if (size < LARGE || !pick) {
    await download(to, {}, name);
    return;
  }
  let handle: Handle;
  try {
    handle = await pick.call(window, { suggestedName: name });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return; // closed without a choice
    throw error;
  }
  const response = await send("GET", to);
  await response.body?.pipeTo(await handle.createWritable());
}
