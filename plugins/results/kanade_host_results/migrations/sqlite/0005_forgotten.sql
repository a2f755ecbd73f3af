-- Results that retention has deleted and that RESULTS may still give again: they were counted once.
CREATE TABLE IF NOT EXISTS result_forgotten (
    result_id TEXT PRIMARY KEY NOT NULL,
    exec_id   TEXT,
    at        TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS result_forgotten_at ON result_forgotten (at);
CREATE INDEX IF NOT EXISTS result_forgotten_exec ON result_forgotten (exec_id) WHERE exec_id IS NOT NULL;
