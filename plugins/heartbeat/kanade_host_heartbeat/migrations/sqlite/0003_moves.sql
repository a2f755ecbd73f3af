-- ours: PCs that were taken out of `agents`. The row stays when its PC comes back, until somebody clears it.
CREATE TABLE heartbeat_retired (
    pc_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('retire', 'rename', 'merge')),
    successor TEXT,             -- the id that has its rows now
    hostname TEXT,
    os_family TEXT,
    agent_version TEXT,
    last_heartbeat TEXT,
    reason TEXT,
    retired_by TEXT,
    retired_at TEXT NOT NULL
) WITHOUT ROWID;
-- ours: what every plugin has to do for it, and what is done. A move is repeated until all have done it.
CREATE TABLE heartbeat_moves (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    pc_id TEXT NOT NULL,
    successor TEXT,
    asked_at TEXT NOT NULL,
    asked_by TEXT,
    finished_at TEXT,           -- NULL: not every plugin has done its part
    done TEXT NOT NULL,         -- JSON: plugin -> {"rows", "notes"}
    failed TEXT NOT NULL        -- JSON: plugin -> why its part failed last
);
CREATE INDEX heartbeat_moves_pending ON heartbeat_moves (id) WHERE finished_at IS NULL;
CREATE INDEX heartbeat_moves_pc ON heartbeat_moves (pc_id);
CREATE INDEX heartbeat_moves_finished ON heartbeat_moves (finished_at);
