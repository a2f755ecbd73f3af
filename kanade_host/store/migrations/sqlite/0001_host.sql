-- What the host itself keeps. Rows about a message are written in the transaction of its projection.

-- One row: how many commits changed something, and whether this program made the file. A file that
-- kanade-backend filled is told apart once, here, because projections begin differently in it.
CREATE TABLE host_commits (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    number  INTEGER NOT NULL,
    epoch   TEXT NOT NULL,
    made_by TEXT NOT NULL
);
INSERT INTO host_commits (id, number, epoch, made_by)
SELECT 1, 0, lower(hex(randomblob(12))),
       CASE WHEN EXISTS (
           SELECT 1 FROM sqlite_master WHERE type = 'table' AND name IN (
               '_sqlx_migrations', 'agents', 'audit_log', 'execution_results', 'executions',
               'host_perf_samples', 'inventory_facts', 'inventory_history', 'obs_events',
               'process_perf_samples', 'users')
       ) THEN 'kanade-backend' ELSE 'kanade_host' END;

-- How far each projection has come, over a gap-free prefix of its stream.
CREATE TABLE host_positions (
    projection     TEXT PRIMARY KEY,
    plugin         TEXT NOT NULL,
    stream         TEXT NOT NULL,
    stream_created TEXT NOT NULL,
    sequence       INTEGER NOT NULL,
    time_ns        INTEGER NOT NULL,
    updated_commit INTEGER
);

-- Messages that a stream no longer had when their turn came.
CREATE TABLE host_gaps (
    id             INTEGER PRIMARY KEY,
    projection     TEXT NOT NULL,
    stream         TEXT NOT NULL,
    stream_created TEXT NOT NULL,
    first_missing  INTEGER NOT NULL,
    last_missing   INTEGER NOT NULL,
    reason         TEXT,
    noticed_at     TEXT
);

-- Messages that could not be projected, for a person to look at.
CREATE TABLE host_dead_letters (
    id             INTEGER PRIMARY KEY,
    projection     TEXT NOT NULL,
    plugin         TEXT NOT NULL,
    stream         TEXT NOT NULL,
    stream_created TEXT NOT NULL,
    sequence       INTEGER NOT NULL,
    subject        TEXT,
    time_ns        INTEGER,
    body           BLOB,
    error          TEXT,
    traceback      TEXT,
    status         TEXT NOT NULL DEFAULT 'waiting',
    -- A restored broker gives a sequence out again, at another time.
    UNIQUE (projection, stream, stream_created, sequence, time_ns)
);

-- Messages that go out after the commit of the rows that explain them. A claimed one may be on the
-- wire already: it is sent again after a crash, and never withdrawn.
CREATE TABLE host_outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    plugin     TEXT NOT NULL,
    message_id TEXT NOT NULL UNIQUE,
    subject    TEXT NOT NULL,
    body       BLOB NOT NULL,
    core       INTEGER NOT NULL DEFAULT 0,
    due_ns     INTEGER,
    claimed    INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX host_outbox_due ON host_outbox (due_ns) WHERE due_ns IS NOT NULL;

-- Which plugins have been seen, so that a new one can be told to the operator.
CREATE TABLE host_plugins (
    name         TEXT PRIMARY KEY,
    distribution TEXT,
    version      TEXT,
    first_seen   TEXT,
    last_seen    TEXT
);

-- Which table is whose, kept so that the tables of a plugin that is switched off stay its own.
CREATE TABLE host_tables (
    name   TEXT PRIMARY KEY COLLATE NOCASE,
    plugin TEXT NOT NULL
);
