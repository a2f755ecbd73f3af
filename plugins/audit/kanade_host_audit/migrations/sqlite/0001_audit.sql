-- The table of kanade-backend 0.43.25 (contract/database.md 3.2).
CREATE TABLE IF NOT EXISTS audit_log (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    actor       TEXT NOT NULL,
    action      TEXT NOT NULL,
    target      TEXT,
    payload     TEXT,
    occurred_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- The list is ordered by time and filtered by actor. Upstream's index by action serves no query: actions
-- are searched by pattern. A file of upstream keeps it.
CREATE INDEX IF NOT EXISTS idx_audit_actor ON audit_log (actor, occurred_at);
CREATE INDEX IF NOT EXISTS audit_log_occurred ON audit_log (occurred_at);

-- Which message each row came from, so that none makes two. A stream that was made anew, or a broker
-- that was restored, gives a sequence out again, at another time.
CREATE TABLE IF NOT EXISTS audit_sources (
    sequence INTEGER NOT NULL,
    time_ns  INTEGER NOT NULL,
    id       INTEGER NOT NULL,
    PRIMARY KEY (sequence, time_ns)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS audit_sources_id ON audit_sources (id);

-- kanade-backend makes rows without a source: those that were here before us, and those of a time when the
-- file was taken back. Up to `last_foreign` there may be such rows, and a message that made one of them is
-- told by its content; `last_ours` is the newest id that we gave. In a file of our own all of it stays 0.
CREATE TABLE IF NOT EXISTS audit_bounds (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    last_foreign INTEGER NOT NULL,
    last_ours    INTEGER NOT NULL
);
INSERT INTO audit_bounds (id, last_foreign, last_ours)
SELECT 1, coalesce(max(id), 0), coalesce(max(id), 0) FROM audit_log;
