/** What a user has set, kept on the server: it follows from one computer to the next. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { toast } from "../design/toast";
import { api, path } from "./api";
import { useApi } from "./data";

const PATH = "/api/me/preferences";

/** A value, and how to change it: at once here, and on the server. */
export function usePreference<T>(key: string, fallback: T): [T, (value: T) => void] {
  const client = useQueryClient();
  const { data } = useApi<Record<string, unknown>>(PATH);
  const set = useCallback(
    (value: T) => {
      client.setQueryData<Record<string, unknown>>([PATH, {}], (before) => ({ ...before, [key]: value }));
      const sent =
        value === null
          ? api.delete(path`/api/me/preferences/${key}`)
          : api.put(path`/api/me/preferences/${key}`, { json: value });
      sent.catch((error: unknown) => toast.failed(error));
    },
    [client, key],
  );
  const found = data?.[key];
  return [found === undefined ? fallback : (found as T), set];
}
