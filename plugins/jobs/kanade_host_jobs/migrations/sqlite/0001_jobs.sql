-- Executions that were killed lately: the kill is repeated when one of their agents starts all the same.
CREATE TABLE IF NOT EXISTS jobs_killed (
    exec_id   TEXT NOT NULL PRIMARY KEY,
    killed_at TEXT NOT NULL
) WITHOUT ROWID;
