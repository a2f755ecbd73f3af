-- What goes out together: waves and batches of a fire, one row each. Their commands are staged until the batch
-- is sent. `due`: not before then; NULL while the batch before has not gone. `stopped`: why it never goes.
CREATE TABLE IF NOT EXISTS execution_batches (
    exec_id  TEXT NOT NULL,
    number   INTEGER NOT NULL,
    commands INTEGER NOT NULL,
    targets  INTEGER NOT NULL,
    due      TEXT,
    sent_at  TEXT,
    stopped  TEXT,
    PRIMARY KEY (exec_id, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS execution_batches_open
    ON execution_batches (exec_id, number) WHERE sent_at IS NULL AND stopped IS NULL;

ALTER TABLE execution_targets ADD COLUMN batch INTEGER;
ALTER TABLE execution_staged ADD COLUMN batch INTEGER;

-- `pause_secs` between two batches; stop when so many targets, or so many percent of those whose batch has
-- gone, failed or timed out. `deadline_at`: as the commands carry it.
ALTER TABLE execution_plans ADD COLUMN pause_secs REAL;
ALTER TABLE execution_plans ADD COLUMN stop_count INTEGER;
ALTER TABLE execution_plans ADD COLUMN stop_percent REAL;
ALTER TABLE execution_plans ADD COLUMN deadline_at TEXT;
