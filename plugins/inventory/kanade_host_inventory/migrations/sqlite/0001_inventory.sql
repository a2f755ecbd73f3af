-- Tables of kanade-backend 0.43.25 (contract/database.md 3.8, 3.9). Derived tables are made at run time.
CREATE TABLE IF NOT EXISTS inventory_facts (
    pc_id        TEXT NOT NULL,
    job_id       TEXT NOT NULL,
    facts_json   TEXT NOT NULL,
    display_json TEXT,
    summary_json TEXT,
    collected_at TIMESTAMP,
    recorded_at  TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (pc_id, job_id)
);

CREATE TABLE IF NOT EXISTS inventory_history (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    pc_id         TEXT NOT NULL,
    job_id        TEXT NOT NULL,
    field_path    TEXT NOT NULL,
    identity_json TEXT,
    change_kind   TEXT NOT NULL CHECK (change_kind IN ('added', 'removed', 'changed')),
    before_json   TEXT,
    after_json    TEXT,
    observed_at   TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- The result that the stored facts came from, so that a message that comes twice changes nothing. A table
-- of our own: a file of kanade-backend is taken over without a change to its tables, and so without a copy.
CREATE TABLE IF NOT EXISTS inventory_sources (
    pc_id     TEXT NOT NULL,
    job_id    TEXT NOT NULL,
    result_id TEXT NOT NULL,
    PRIMARY KEY (pc_id, job_id)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS inventory_facts_by_job ON inventory_facts (job_id, pc_id);

-- Those with upstream's names run the same way as the row ids in a file of our own, so that "newest first"
-- needs no sorting. Upstream's index on identity_json is left out: no query can use it, and its keys come
-- in random order, a page for each event.
CREATE INDEX IF NOT EXISTS idx_inventory_history_pc ON inventory_history (pc_id, observed_at);
CREATE INDEX IF NOT EXISTS idx_inventory_history_field ON inventory_history (job_id, field_path, observed_at);
CREATE INDEX IF NOT EXISTS idx_inventory_history_observed_at ON inventory_history (observed_at);
CREATE INDEX IF NOT EXISTS inventory_history_by_job ON inventory_history (job_id, observed_at);
