-- What was done before this plugin was first here is history, not news.
CREATE TABLE witness_since (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    at_ns INTEGER NOT NULL
);
INSERT INTO witness_since (id, at_ns) VALUES (1, CAST(strftime('%s', 'now') AS INTEGER) * 1000000000);

-- The last message of each stream that was looked at: by the broker's time, since a stream that is made
-- anew counts from 1 again.
CREATE TABLE witness_seen (
    stream   TEXT PRIMARY KEY,
    at_ns    INTEGER NOT NULL,
    sequence INTEGER NOT NULL
) WITHOUT ROWID;

-- What stood there before, where a record says what is different now.
CREATE TABLE witness_values (
    stream TEXT NOT NULL,
    key    TEXT NOT NULL,
    value  BLOB NOT NULL,
    PRIMARY KEY (stream, key)
) WITHOUT ROWID;

-- Seen, and not on record yet: whoever did it may say so himself. `alike`: the actions of such a record.
CREATE TABLE witness_changes (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    source   TEXT NOT NULL UNIQUE,
    at_ns    INTEGER NOT NULL,
    action   TEXT NOT NULL,
    target   TEXT NOT NULL,
    payload  TEXT NOT NULL,
    alike    TEXT NOT NULL
);
CREATE INDEX witness_changes_target ON witness_changes (target);

-- Said, and not seen yet.
CREATE TABLE witness_told (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ns  INTEGER NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL
);
CREATE INDEX witness_told_target ON witness_told (target);
