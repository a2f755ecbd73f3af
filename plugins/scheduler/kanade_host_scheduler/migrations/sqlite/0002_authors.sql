-- Who saved a schedule last over HTTP: whoever releases what it asks for has to be somebody else. What is
-- written on the broker itself has no author here.
CREATE TABLE IF NOT EXISTS scheduler_authors (
    schedule_id TEXT PRIMARY KEY NOT NULL,
    sub         TEXT NOT NULL,
    saved_at    TEXT NOT NULL
) WITHOUT ROWID;
