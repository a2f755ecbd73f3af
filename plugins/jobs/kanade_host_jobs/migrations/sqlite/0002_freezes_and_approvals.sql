-- Named periods in which nothing fires; `body` is what was saved, as JSON.
CREATE TABLE IF NOT EXISTS jobs_freezes (
    id         TEXT PRIMARY KEY NOT NULL,
    body       TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at TEXT NOT NULL
) WITHOUT ROWID;

-- Fires that an admin let go in spite of a freeze: their later batches go too.
CREATE TABLE IF NOT EXISTS jobs_overrides (
    exec_id TEXT PRIMARY KEY NOT NULL,
    reason  TEXT NOT NULL,
    at      TEXT NOT NULL
) WITHOUT ROWID;

-- Fires that wait for somebody else's approval, and what became of them: pending, approved (it is being
-- fired), fired, rejected, expired, failed. `manifest` is a digest of the job as it was asked for.
CREATE TABLE IF NOT EXISTS jobs_approvals (
    exec_id    TEXT PRIMARY KEY NOT NULL,
    job_id     TEXT NOT NULL,
    version    TEXT NOT NULL,
    manifest   TEXT NOT NULL,
    plan       TEXT NOT NULL,
    expected   INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    asked_by   TEXT NOT NULL,
    asked_at   TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    supersedes TEXT,
    rerun_of   TEXT,
    override   TEXT,
    noted      TEXT NOT NULL,
    state      TEXT NOT NULL,
    decided_by TEXT,
    decided_at TEXT,
    reason     TEXT
);
CREATE INDEX IF NOT EXISTS jobs_approvals_state ON jobs_approvals (state, asked_at);
CREATE INDEX IF NOT EXISTS jobs_approvals_asked ON jobs_approvals (asked_at);
