/** Server-Sent Events out of a fetched body, since EventSource cannot send an Authorization header. */

export interface ServerEvent {
  id: string;
  event: string;
  data: string;
}

/** Takes text as it arrives and gives the events that are complete. Comments are left out. */
export class EventParser {
  #rest = "";

  take(text: string): ServerEvent[] {
    this.#rest += text;
    const blocks = this.#rest.split(/\r?\n\r?\n/);
    this.#rest = blocks.pop() ?? "";
    return blocks.map(parsed).filter((one): one is ServerEvent => one !== null);
  }
}

function parsed(block: string): ServerEvent | null {
  const found: ServerEvent = { id: "", event: "message", data: "" };
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") data.push(value);
    else if (name === "event") found.event = value;
    else if (name === "id") found.id = value;
  }
  found.data = data.join("\n");
  return data.length > 0 ? found : null;
}
