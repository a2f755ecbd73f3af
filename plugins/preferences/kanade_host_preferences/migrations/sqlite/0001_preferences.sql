-- What one person keeps for themselves: a JSON value under a key. Times are Unix seconds.
CREATE TABLE preferences_values (
    username TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (username, key)
) WITHOUT ROWID;

-- A page of the web interface with its filters, under a name. `state` is the query string of its URL.
CREATE TABLE preferences_views (
    view_id TEXT PRIMARY KEY,
    username TEXT NOT NULL,
    page TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    shared INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (username, page, name)
);
CREATE INDEX preferences_views_shared ON preferences_views (page, name) WHERE shared = 1;
