-- When each stream was made, as the broker says it: another moment, or none, means that it was deleted.
CREATE TABLE witness_streams (
    stream TEXT PRIMARY KEY,
    made   TEXT NOT NULL
) WITHOUT ROWID;
