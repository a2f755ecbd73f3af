/** Requests to the host: authorised, named as ours, with errors in the server's own words. */
import { session } from "./session";

export type Scalar = string | number | boolean;
export type Query = Record<string, Scalar | readonly Scalar[] | null | undefined>;

/** An answer that is no success. `text` is what the server said, for people. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly text: string,
    readonly retryAfter: number | null,
  ) {
    super(text);
    this.name = "ApiError";
  }
}

/** The host could not be reached at all. */
export class Unreachable extends Error {
  constructor() {
    super("the server cannot be reached");
    this.name = "Unreachable";
  }
}

export interface Ask {
  query?: Query;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is, with its type: YAML, or a form with a file. */
  body?: BodyInit;
  type?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** The answer as text instead of JSON. */
  text?: boolean;
  /** A 401 here says that what was typed is wrong, not that the session is over. */
  login?: boolean;
}

let commit: number | null = null;

/** The newest commit of the host's database that any answer carried: live events begin after it. */
export function knownCommit(): number | null {
  return commit;
}

/** `/api/results?limit=50&group=a&group=b`; null, undefined and empty texts are left out. */
export function url(path: string, query?: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value)
      ? (value as readonly Scalar[])
      : [value as Scalar | null | undefined]) {
      if (one !== null && one !== undefined && one !== "") parameters.append(name, String(one));
    }
  }
  const text = parameters.toString();
  return text ? `${path}?${text}` : path;
}

/** A path with its variable segments encoded: path`/api/agents/${pc}/groups`. */
export function path(parts: TemplateStringsArray, ...values: Scalar[]): string {
  return parts.reduce((text, part, place) => text + encodeURIComponent(String(values[place - 1])) + part);
}

export function headers(more?: Record<string, string>): Record<string, string> {
  const sent: Record<string, string> = { "X-Kanade-Source": "spa", ...more };
  if (session.token) sent.Authorization = `Bearer ${session.token}`;
  return sent;
}

function note(response: Response): void {
  const told = Number(response.headers.get("x-kanade-commit") ?? Number.NaN);
  if (Number.isFinite(told)) commit = Math.max(commit ?? 0, told);
}

async function refusal(response: Response): Promise<ApiError> {
  const said = (await response.text().catch(() => "")).trim();
  const wait = Number(response.headers.get("retry-after") ?? Number.NaN);
  return new ApiError(response.status, said || response.statusText, Number.isFinite(wait) ? wait : null);
}

/** The raw answer. Throws `ApiError` for all but 2xx, `Unreachable` when there is none. */
export async function send(method: string, to: string, ask: Ask = {}): Promise<Response> {
  const token = session.token;
  const more = { ...ask.headers };
  if (ask.json !== undefined) more["Content-Type"] = "application/json";
  else if (ask.type) more["Content-Type"] = ask.type;
  const body = ask.json !== undefined ? JSON.stringify(ask.json) : ask.body;
  let response: Response;
  try {
    response = await fetch(url(to, ask.query), { method, headers: headers(more), body, signal: ask.signal });
  } catch (error) {
    if (ask.signal?.aborted) throw error;
    throw new Unreachable();
  }
  note(response);
  if (response.ok) return response;
  // Only the token that was sent is refused: another tab may have logged in meanwhile.
  if (response.status === 401 && !ask.login && token === session.token) session.end("refused");
  throw await refusal(response);
}

async function read<T>(method: string, to: string, ask?: Ask): Promise<T> {
  const response = await send(method, to, ask);
  const body = await response.text();
  if (ask?.text) return body as T;
  return (body === "" ? undefined : JSON.parse(body)) as T;
}

export const api = {
  get: <T>(to: string, ask?: Ask) => read<T>("GET", to, ask),
  post: <T = unknown>(to: string, ask?: Ask) => read<T>("POST", to, ask),
  put: <T = unknown>(to: string, ask?: Ask) => read<T>("PUT", to, ask),
  patch: <T = unknown>(to: string, ask?: Ask) => read<T>("PATCH", to, ask),
  delete: <T = unknown>(to: string, ask?: Ask) => read<T>("DELETE", to, ask),
};
