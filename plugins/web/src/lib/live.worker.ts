/** The one stream of all tabs of this browser. Each tab is a port; the worker ends with the last one. */
import { LiveStream, type Told } from "./stream";

export type Asked =
  | { kind: "hello"; token: string; after: number | null }
  | { kind: "hurry" }
  | { kind: "bye" };

interface Scope {
  onconnect: ((event: MessageEvent) => void) | null;
}

const ports = new Set<MessagePort>();
const stream = new LiveStream((told: Told) => {
  for (const port of ports) port.postMessage(told);
});

(globalThis as unknown as Scope).onconnect = (event) => {
  const port = event.ports[0];
  if (!port) return;
  ports.add(port);
  port.onmessage = (message: MessageEvent<Asked>) => {
    const asked = message.data;
    if (asked.kind === "hello") {
      ports.add(port);
      stream.start(asked.token, asked.after);
      port.postMessage({ kind: "standing", standing: stream.standing } satisfies Told);
      // What was told to the other tabs between this one's first answer and now.
      for (const told of stream.missed(asked.after)) port.postMessage(told);
    } else if (asked.kind === "hurry") stream.hurry();
    else {
      ports.delete(port);
      if (ports.size === 0) stream.stop();
    }
  };
};
