-- Sums of samples, so that charts read few rows (docs/decisions/performance-roll-ups.md). `n_…` counts the
-- samples that have the metric, `s_…` adds them up, `x_…` is the largest. `bucket` is in seconds since 1970, a
-- multiple of `width`. By time first: what is written now, what is listed and what is swept lie together.
CREATE TABLE perf_host_rollups (
    width INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    pc_id TEXT NOT NULL,
    n_cpu_pct INTEGER NOT NULL,
    s_cpu_pct REAL NOT NULL,
    n_mem_used_bytes INTEGER NOT NULL,
    s_mem_used_bytes REAL NOT NULL,
    n_mem_total_bytes INTEGER NOT NULL,
    s_mem_total_bytes REAL NOT NULL,
    n_swap_used_bytes INTEGER NOT NULL,
    s_swap_used_bytes REAL NOT NULL,
    n_swap_total_bytes INTEGER NOT NULL,
    s_swap_total_bytes REAL NOT NULL,
    n_disk_read_bytes_per_sec INTEGER NOT NULL,
    s_disk_read_bytes_per_sec REAL NOT NULL,
    n_disk_written_bytes_per_sec INTEGER NOT NULL,
    s_disk_written_bytes_per_sec REAL NOT NULL,
    n_net_rx_bytes_per_sec INTEGER NOT NULL,
    s_net_rx_bytes_per_sec REAL NOT NULL,
    n_net_tx_bytes_per_sec INTEGER NOT NULL,
    s_net_tx_bytes_per_sec REAL NOT NULL,
    PRIMARY KEY (width, bucket, pc_id)
) WITHOUT ROWID;

-- The same of all PCs together.
CREATE TABLE perf_fleet_rollups (
    width INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    n_cpu_pct INTEGER NOT NULL,
    s_cpu_pct REAL NOT NULL,
    x_cpu_pct REAL,
    n_mem_used_bytes INTEGER NOT NULL,
    s_mem_used_bytes REAL NOT NULL,
    x_mem_used_bytes REAL,
    n_disk_read_bytes_per_sec INTEGER NOT NULL,
    s_disk_read_bytes_per_sec REAL NOT NULL,
    x_disk_read_bytes_per_sec REAL,
    n_disk_written_bytes_per_sec INTEGER NOT NULL,
    s_disk_written_bytes_per_sec REAL NOT NULL,
    x_disk_written_bytes_per_sec REAL,
    n_net_rx_bytes_per_sec INTEGER NOT NULL,
    s_net_rx_bytes_per_sec REAL NOT NULL,
    x_net_rx_bytes_per_sec REAL,
    n_net_tx_bytes_per_sec INTEGER NOT NULL,
    s_net_tx_bytes_per_sec REAL NOT NULL,
    x_net_tx_bytes_per_sec REAL,
    PRIMARY KEY (width, bucket)
) WITHOUT ROWID;

-- Up to which row of host_perf_samples the sums go. Samples that were here before, and those that
-- kanade-backend writes while the file is its own, lie above it and are added in the background.
CREATE TABLE perf_rolled (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    last INTEGER NOT NULL
);
INSERT INTO perf_rolled (id, last) VALUES (1, 0);
