-- One row while all commands are held (emergency stop): the host's outbox keeps them, whatever restarts.
CREATE TABLE IF NOT EXISTS execution_hold (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    since  TEXT NOT NULL,
    by     TEXT NOT NULL,
    reason TEXT NOT NULL
);
