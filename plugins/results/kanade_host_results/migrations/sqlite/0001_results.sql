-- Tables of kanade-backend 0.43.25 (contract/database.md 3.3, 3.4). What we keep beside them stands in
-- tables of our own, so that upstream can take the file back and the other way round.
CREATE TABLE IF NOT EXISTS execution_results (
    result_id   TEXT PRIMARY KEY,
    request_id  TEXT NOT NULL,
    exec_id     TEXT,
    pc_id       TEXT NOT NULL,
    exit_code   INTEGER,
    stdout      TEXT NOT NULL DEFAULT '',
    stderr      TEXT NOT NULL DEFAULT '',
    started_at  TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    recorded_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    job_id      TEXT,
    version     TEXT,
    reaped      INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS executions (
    exec_id       TEXT PRIMARY KEY,
    job_id        TEXT NOT NULL,
    version       TEXT NOT NULL,
    initiated_by  TEXT NOT NULL,
    initiated_at  TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    target_count  INTEGER NOT NULL,
    success_count INTEGER NOT NULL DEFAULT 0,
    failure_count INTEGER NOT NULL DEFAULT 0,
    status        TEXT NOT NULL DEFAULT 'pending'
);

-- docs/decisions/results-indexes.md says why these and no others. The first is upstream's own; the keys
-- of the others arrive in the order of time, which touches few pages.
CREATE INDEX IF NOT EXISTS idx_execution_results_exec
    ON execution_results (exec_id, recorded_at DESC) WHERE exec_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS execution_results_recorded ON execution_results (recorded_at DESC);
CREATE INDEX IF NOT EXISTS execution_results_failed
    ON execution_results (recorded_at DESC) WHERE exit_code <> 0;
CREATE INDEX IF NOT EXISTS execution_results_running
    ON execution_results (recorded_at DESC) WHERE finished_at IS NULL;
CREATE INDEX IF NOT EXISTS executions_initiated ON executions (initiated_at);
CREATE INDEX IF NOT EXISTS executions_job ON executions (job_id, initiated_at);
CREATE INDEX IF NOT EXISTS executions_status ON executions (status, initiated_at);

-- Output that could not be fetched from the object store: missing, damaged or too large.
CREATE TABLE IF NOT EXISTS result_objects (
    result_id     TEXT PRIMARY KEY NOT NULL,
    stdout_object TEXT,
    stderr_object TEXT
) WITHOUT ROWID;

-- Whose end an execution waits for. One row for each PC.
CREATE TABLE IF NOT EXISTS execution_targets (
    exec_id    TEXT NOT NULL,
    pc_id      TEXT NOT NULL,
    request_id TEXT,
    state      TEXT NOT NULL,
    result_id  TEXT,
    reason     TEXT,
    changed_at TEXT NOT NULL,
    PRIMARY KEY (exec_id, pc_id)
) WITHOUT ROWID;

-- One row for each execution that we fired: what was expected, and how many targets are in which state
-- (kept in step by targets.py, so that no list has to count). `broadcasts` is a JSON list of
-- [subject, request_id] for commands that are not to one PC alone.
CREATE TABLE IF NOT EXISTS execution_plans (
    exec_id       TEXT PRIMARY KEY NOT NULL,
    expected      INTEGER NOT NULL,
    broadcasts    TEXT,
    expires_at    TEXT NOT NULL,
    superseded_by TEXT,
    waiting       INTEGER NOT NULL DEFAULT 0,
    running       INTEGER NOT NULL DEFAULT 0,
    done          INTEGER NOT NULL DEFAULT 0,
    failed        INTEGER NOT NULL DEFAULT 0,
    skipped       INTEGER NOT NULL DEFAULT 0,
    timed_out     INTEGER NOT NULL DEFAULT 0,
    expired       INTEGER NOT NULL DEFAULT 0,
    killed        INTEGER NOT NULL DEFAULT 0,
    superseded    INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS execution_plans_waiting ON execution_plans (expires_at) WHERE waiting > 0;
CREATE INDEX IF NOT EXISTS execution_plans_superseded
    ON execution_plans (exec_id) WHERE superseded_by IS NOT NULL AND waiting > 0;

-- Commands that may lie in the stream EXEC although nobody may get them any more.
CREATE TABLE IF NOT EXISTS execution_unwanted (
    request_id TEXT PRIMARY KEY NOT NULL,
    subject    TEXT NOT NULL,
    since      TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS execution_unwanted_since ON execution_unwanted (since);

-- Large fires, written in several transactions (docs/decisions/large-fires.md). An execution counts
-- from the moment when it has a row in `executions`; what is staged without one goes at the next start.
CREATE TABLE IF NOT EXISTS execution_fires (
    exec_id   TEXT PRIMARY KEY NOT NULL,
    staged_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS execution_staged (
    id         INTEGER PRIMARY KEY,
    exec_id    TEXT NOT NULL,
    request_id TEXT NOT NULL,
    subject    TEXT NOT NULL,
    body       BLOB NOT NULL,
    due        TEXT,
    UNIQUE (exec_id, request_id)
);
