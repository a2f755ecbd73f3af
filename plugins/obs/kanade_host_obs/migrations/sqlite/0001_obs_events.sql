-- The table of kanade-backend 0.43.25 (contract/database.md 3.7). The indexes have upstream's names; in a
-- file of our own they run the same way as the row ids, so that "newest first" needs no sorting.
CREATE TABLE IF NOT EXISTS obs_events (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    pc_id           TEXT NOT NULL,
    at              TIMESTAMP NOT NULL,
    kind            TEXT NOT NULL,
    source          TEXT NOT NULL,
    event_record_id TEXT,
    payload         TEXT,
    UNIQUE (pc_id, source, event_record_id)
);
CREATE INDEX IF NOT EXISTS idx_obs_events_at ON obs_events (at);
CREATE INDEX IF NOT EXISTS idx_obs_events_kind_at ON obs_events (kind, at);
CREATE INDEX IF NOT EXISTS idx_obs_events_pc_at ON obs_events (pc_id, at);
