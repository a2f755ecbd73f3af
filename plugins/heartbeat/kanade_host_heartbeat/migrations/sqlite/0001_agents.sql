-- contract/database.md 3.1, as kanade-backend makes it
CREATE TABLE IF NOT EXISTS agents (
    pc_id TEXT PRIMARY KEY,
    hostname TEXT,
    last_heartbeat TIMESTAMP,
    agent_version TEXT,
    os_family TEXT,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    agent_cpu_pct REAL,
    agent_rss_bytes INTEGER,
    agent_disk_read_bytes INTEGER,
    agent_disk_written_bytes INTEGER
);
CREATE INDEX IF NOT EXISTS idx_agents_heartbeat ON agents (last_heartbeat DESC);
-- ours: the list is ordered by it
CREATE INDEX IF NOT EXISTS idx_agents_updated ON agents (updated_at DESC);
