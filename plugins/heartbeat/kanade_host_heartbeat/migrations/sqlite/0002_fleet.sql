-- ours: heartbeat intervals that are not the agents' own 30 s; a PC without a row has that
CREATE TABLE heartbeat_intervals (
    pc_id TEXT PRIMARY KEY,
    seconds REAL NOT NULL
) WITHOUT ROWID;
-- ours: what operators note about a PC. `number` holds the value of type `number` for comparisons.
CREATE TABLE heartbeat_attributes (
    pc_id TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('text', 'number', 'date', 'boolean')),
    value TEXT NOT NULL,
    number REAL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (pc_id, name)
) WITHOUT ROWID;
CREATE INDEX heartbeat_attributes_value ON heartbeat_attributes (name, value);
-- ours: signs that two PCs send heartbeats under one id
CREATE TABLE heartbeat_doubles (
    pc_id TEXT PRIMARY KEY,
    reason TEXT NOT NULL CHECK (reason IN ('names', 'counters')),
    sources TEXT NOT NULL,      -- JSON: what the senders said of themselves
    times INTEGER NOT NULL,     -- how often the senders alternated
    first_at TEXT NOT NULL,
    last_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX heartbeat_doubles_last ON heartbeat_doubles (last_at);
