CREATE TABLE battery_levels (
    pc_id TEXT PRIMARY KEY,
    percent REAL NOT NULL,
    health REAL,
    at TEXT NOT NULL,           -- by the PC's clock
    received_at TEXT NOT NULL   -- by the broker's
);
CREATE INDEX battery_levels_percent ON battery_levels (percent);
