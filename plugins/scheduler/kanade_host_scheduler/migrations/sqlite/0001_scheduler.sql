-- One row for each schedule that ticks here: what has to be known after a restart.
-- `rhythm` is the expression (and time zone) that `next_due` was worked out from.
CREATE TABLE IF NOT EXISTS scheduler_schedules (
    schedule_id  TEXT PRIMARY KEY NOT NULL,
    rhythm       TEXT NOT NULL,
    next_due     TEXT,
    last_job_id  TEXT,
    last_exec_id TEXT,
    last_due     TEXT,
    problem      TEXT,
    problem_at   TEXT
) WITHOUT ROWID;

-- A fire is a row before anything is sent, and a due second of a schedule is fired once.
-- state: firing, fired, failed. `plan` is what goes out, so that a fire can be finished after a crash.
CREATE TABLE IF NOT EXISTS scheduler_fires (
    schedule_id TEXT NOT NULL,
    due         TEXT NOT NULL,
    exec_id     TEXT NOT NULL,
    job_id      TEXT NOT NULL,
    plan        TEXT NOT NULL,
    supersedes  TEXT,
    state       TEXT NOT NULL,
    reason      TEXT,
    planned_at  TEXT NOT NULL,
    PRIMARY KEY (schedule_id, due)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS scheduler_fires_unfinished ON scheduler_fires (planned_at) WHERE state = 'firing';
CREATE INDEX IF NOT EXISTS scheduler_fires_planned ON scheduler_fires (planned_at);

-- What each tick decided, and why. Ticks in a row that decided the same share a row.
-- decision: fired, skipped, failed, missed, completed, run.
CREATE TABLE IF NOT EXISTS scheduler_ticks (
    id          INTEGER PRIMARY KEY,
    schedule_id TEXT NOT NULL,
    decision    TEXT NOT NULL,
    reason      TEXT NOT NULL,
    first_due   TEXT NOT NULL,
    last_due    TEXT NOT NULL,
    times       INTEGER NOT NULL DEFAULT 1,
    exec_id     TEXT,
    decided_at  TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS scheduler_ticks_schedule ON scheduler_ticks (schedule_id, id DESC);
CREATE INDEX IF NOT EXISTS scheduler_ticks_decided ON scheduler_ticks (decided_at);
CREATE INDEX IF NOT EXISTS scheduler_ticks_decision ON scheduler_ticks (decision, id DESC);
