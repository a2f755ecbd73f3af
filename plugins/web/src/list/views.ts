/** Saved views: the state of a page under a name, on the server; others may share theirs. */
import { api, path } from "../lib/api";
import { useAction, useApi } from "../lib/data";
import { readFilter } from "./state";
import type { Filter } from "./types";

export interface SavedView {
  view_id: string;
  /** The path of the page. */
  page: string;
  name: string;
  /** The query string of its URL. */
  state: string;
  shared: boolean;
  owner: string;
  mine: boolean;
}

const TOPICS = ["views", "preferences"];

export function useViews(page: string) {
  return useApi<SavedView[]>("/api/views", { query: { page }, topics: TOPICS });
}

interface NewView {
  name: string;
  state: string;
  shared: boolean;
  /** Of the same name, to be replaced. */
  before: SavedView | undefined;
}

export function useSaveView(page: string, said: (name: string) => string, after: () => void) {
  return useAction<NewView>({
    run: ({ name, state, shared, before }) =>
      before
        ? api.patch(path`/api/views/${before.view_id}`, { json: { state, shared } })
        : api.post("/api/views", { json: { page, name, state, shared } }),
    done: (_, { name }) => said(name),
    touches: TOPICS,
    after,
  });
}

export function useDeleteView() {
  return useAction<SavedView>({
    run: (view) => api.delete(path`/api/views/${view.view_id}`),
    touches: TOPICS,
  });
}

/** What a view of a list searches and filters by. */
export function asked(view: SavedView): { q: string; filters: Filter[] } {
  const params = new URLSearchParams(view.state);
  const filters = params.getAll("f").map(readFilter);
  return { q: params.get("q") ?? "", filters: filters.filter((one) => one !== null) };
}
