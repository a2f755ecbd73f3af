-- The tables of kanade-backend 0.43.25 (contract/database.md 3.5 and 3.6).
CREATE TABLE IF NOT EXISTS host_perf_samples (
    pc_id                      TEXT NOT NULL,
    at                         TIMESTAMP NOT NULL,
    cpu_pct                    REAL,
    cpu_count                  INTEGER,
    mem_used_bytes             INTEGER,
    mem_total_bytes            INTEGER,
    swap_used_bytes            INTEGER,
    swap_total_bytes           INTEGER,
    disk_read_bytes_per_sec    REAL,
    disk_written_bytes_per_sec REAL,
    net_rx_bytes_per_sec       REAL,
    net_tx_bytes_per_sec       REAL,
    PRIMARY KEY (pc_id, at)
);
CREATE INDEX IF NOT EXISTS idx_host_perf_samples_at ON host_perf_samples (at);

CREATE TABLE IF NOT EXISTS process_perf_samples (
    pc_id                      TEXT NOT NULL,
    at                         TIMESTAMP NOT NULL,
    pid                        INTEGER NOT NULL,
    name                       TEXT NOT NULL,
    cpu_pct                    REAL NOT NULL,
    rss_bytes                  INTEGER NOT NULL,
    disk_read_bytes_per_sec    REAL,
    disk_written_bytes_per_sec REAL,
    PRIMARY KEY (pc_id, at, pid)
);
CREATE INDEX IF NOT EXISTS idx_process_perf_samples_at ON process_perf_samples (at);
