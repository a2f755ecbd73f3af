/** What a user has set, kept on the server: it follows from one computer to the next. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { toast } from "../design/toast";
import { ApiError, api, path } from "./api";
import { useApi } from "./data";

const PATH = "/api/preferences";

/** Keys are lower case there; what is not gets its code, so that no two of ours meet. */
function named(key: string): string {
  return key
    .replace(/[^a-z0-9.-]/g, (character) => `_${(character.codePointAt(0) ?? 0).toString(16)}`)
    .slice(0, 100);
}

/** A value, and how to change it: at once here, and on the server. Null is "as it is without". */
export function usePreference<T>(key: string, fallback: T): [T, (value: T) => void] {
  const client = useQueryClient();
  const { data } = useApi<Record<string, unknown>>(PATH, { topics: ["preferences"] });
  const name = named(key);
  const set = useCallback(
    (value: T) => {
      client.setQueryData<Record<string, unknown>>([PATH, {}], ({ [name]: _, ...others } = {}) =>
        value === null ? others : { ...others, [name]: value },
      );
      const to = path`/api/preferences/${name}`;
      const sent = value === null ? api.delete(to) : api.put(to, { json: { value } });
      sent.catch((error: unknown) => {
        // Without the plugin that keeps them, they last as long as the page.
        if (!(error instanceof ApiError && error.status === 404)) toast.failed(error);
      });
    },
    [client, name],
  );
  const found = data?.[name];
  return [found === undefined ? fallback : (found as T), set];
}
