/** What has come at the head of a list since it was loaded, newest first, until somebody wants to see it. */

export interface Head<R> {
  waiting: readonly R[];
  shown: readonly R[];
  /** Rows of the newest page that are shown already, as they are now. */
  changed: ReadonlyMap<string, R>;
  /** More has come than a page holds: rows between `waiting` and what is shown are not here. */
  gap: boolean;
}

export function nothing<R>(): Head<R> {
  return { waiting: [], shown: [], changed: new Map(), gap: false };
}

/** The head after another look at the first page, behind which there is `more`. Rows of `loaded` (ids of all of
 * them) are not new, however far down they were when they were loaded. */
export function looked<R>(
  head: Head<R>,
  page: readonly R[],
  more: boolean,
  loaded: ReadonlySet<string>,
  rowId: (row: R) => string,
): Head<R> {
  const known = new Set([...head.waiting, ...head.shown].map(rowId));
  const added = page.filter((row) => !known.has(rowId(row)) && !loaded.has(rowId(row)));
  const gap = head.gap || (more && added.length === page.length);
  const changed = new Map(head.changed);
  for (const row of page) changed.set(rowId(row), row);
  return { waiting: [...added, ...head.waiting], shown: head.shown, changed, gap };
}
