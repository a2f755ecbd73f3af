"""A database as kanade-backend 0.43.25 leaves it (`contract/database.md` 1 to 3), to take over."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from kanade_host.store.upstream import BASELINE_CHECKSUM, BASELINE_VERSION

SCHEMA = """
CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY, description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL, execution_time BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS agents (
    pc_id TEXT PRIMARY KEY, hostname TEXT, last_heartbeat TIMESTAMP, agent_version TEXT, os_family TEXT,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, agent_cpu_pct REAL, agent_rss_bytes INTEGER,
    agent_disk_read_bytes INTEGER, agent_disk_written_bytes INTEGER
);
CREATE INDEX IF NOT EXISTS idx_agents_heartbeat ON agents(last_heartbeat DESC);
CREATE TABLE IF NOT EXISTS audit_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT, actor TEXT NOT NULL, action TEXT NOT NULL, target TEXT,
    payload TEXT, occurred_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX IF NOT EXISTS idx_audit_action ON audit_log(action, occurred_at);
CREATE INDEX IF NOT EXISTS idx_audit_actor ON audit_log(actor, occurred_at);
CREATE TABLE IF NOT EXISTS execution_results (
    result_id TEXT PRIMARY KEY, request_id TEXT NOT NULL, exec_id TEXT, pc_id TEXT NOT NULL,
    exit_code INTEGER, stdout TEXT NOT NULL DEFAULT '', stderr TEXT NOT NULL DEFAULT '',
    started_at TIMESTAMP NOT NULL, finished_at TIMESTAMP,
    recorded_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, job_id TEXT, version TEXT,
    reaped INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS idx_execution_results_exec ON execution_results(exec_id, recorded_at DESC)
    WHERE exec_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_execution_results_inflight ON execution_results(started_at DESC)
    WHERE finished_at IS NULL;
CREATE INDEX IF NOT EXISTS idx_execution_results_job ON execution_results(job_id, pc_id, finished_at DESC)
    WHERE job_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_execution_results_pc ON execution_results(pc_id, recorded_at DESC);
CREATE INDEX IF NOT EXISTS idx_execution_results_request ON execution_results(request_id);
CREATE TABLE IF NOT EXISTS executions (
    exec_id TEXT PRIMARY KEY, job_id TEXT NOT NULL, version TEXT NOT NULL, initiated_by TEXT NOT NULL,
    initiated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, target_count INTEGER NOT NULL,
    success_count INTEGER NOT NULL DEFAULT 0, failure_count INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL DEFAULT 'pending'
);
CREATE INDEX IF NOT EXISTS idx_executions_job ON executions(job_id, initiated_at DESC);
CREATE TABLE IF NOT EXISTS host_perf_samples (
    pc_id TEXT NOT NULL, at TIMESTAMP NOT NULL, cpu_pct REAL, cpu_count INTEGER, mem_used_bytes INTEGER,
    mem_total_bytes INTEGER, swap_used_bytes INTEGER, swap_total_bytes INTEGER,
    disk_read_bytes_per_sec REAL, disk_written_bytes_per_sec REAL, net_rx_bytes_per_sec REAL,
    net_tx_bytes_per_sec REAL, PRIMARY KEY (pc_id, at)
);
CREATE INDEX IF NOT EXISTS idx_host_perf_samples_at ON host_perf_samples(at);
CREATE TABLE IF NOT EXISTS process_perf_samples (
    pc_id TEXT NOT NULL, at TIMESTAMP NOT NULL, pid INTEGER NOT NULL, name TEXT NOT NULL,
    cpu_pct REAL NOT NULL, rss_bytes INTEGER NOT NULL, disk_read_bytes_per_sec REAL,
    disk_written_bytes_per_sec REAL, PRIMARY KEY (pc_id, at, pid)
);
CREATE INDEX IF NOT EXISTS idx_process_perf_samples_at ON process_perf_samples(at);
CREATE TABLE IF NOT EXISTS obs_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, pc_id TEXT NOT NULL, at TIMESTAMP NOT NULL, kind TEXT NOT NULL,
    source TEXT NOT NULL, event_record_id TEXT, payload TEXT, UNIQUE (pc_id, source, event_record_id)
);
CREATE INDEX IF NOT EXISTS idx_obs_events_at ON obs_events(at);
CREATE INDEX IF NOT EXISTS idx_obs_events_kind_at ON obs_events(kind, at DESC);
CREATE INDEX IF NOT EXISTS idx_obs_events_pc_at ON obs_events(pc_id, at DESC);
CREATE TABLE IF NOT EXISTS inventory_facts (
    pc_id TEXT NOT NULL, job_id TEXT NOT NULL, facts_json TEXT NOT NULL, display_json TEXT,
    summary_json TEXT, collected_at TIMESTAMP, recorded_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (pc_id, job_id)
);
CREATE INDEX IF NOT EXISTS idx_inventory_facts_job ON inventory_facts(job_id);
CREATE INDEX IF NOT EXISTS idx_inventory_facts_pc ON inventory_facts(pc_id);
CREATE TABLE IF NOT EXISTS inventory_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT, pc_id TEXT NOT NULL, job_id TEXT NOT NULL,
    field_path TEXT NOT NULL, identity_json TEXT,
    change_kind TEXT NOT NULL CHECK (change_kind IN ('added', 'removed', 'changed')), before_json TEXT,
    after_json TEXT, observed_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX IF NOT EXISTS idx_inventory_history_field
    ON inventory_history(job_id, field_path, observed_at DESC);
CREATE INDEX IF NOT EXISTS idx_inventory_history_identity
    ON inventory_history(job_id, field_path, identity_json);
CREATE INDEX IF NOT EXISTS idx_inventory_history_observed_at ON inventory_history(observed_at);
CREATE INDEX IF NOT EXISTS idx_inventory_history_pc ON inventory_history(pc_id, observed_at DESC);
CREATE TABLE IF NOT EXISTS users (
    username TEXT PRIMARY KEY, password_hash TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    disabled INTEGER NOT NULL DEFAULT 0, must_change_pw INTEGER NOT NULL DEFAULT 0,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
"""

AT, AT_NS = "2026-11-23T10:00:00+00:00", "2026-11-23T10:00:01.276986697+00:00"
S = "2026-11-23 10:00:05"
PASSWORD_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$Sl7oV8mRhYLm0Xt0jvXv5s2S4fJTnGJrQp8mBBDCJgk"
)

ROWS: dict[str, tuple[dict[str, object], ...]] = {
    "agents": (
        {"pc_id": "pc-1", "hostname": "PC-ONE", "last_heartbeat": AT_NS, "os_family": "windows"},
        {"pc_id": "pc-2", "agent_cpu_pct": 1.5, "agent_rss_bytes": 4096},
    ),
    "audit_log": (
        {"actor": "operator", "action": "exec", "target": "job", "payload": "{}", "occurred_at": AT},
        {"actor": "scheduler", "action": "exec", "payload": "null", "occurred_at": AT_NS},
    ),
    "execution_results": (
        {
            "result_id": "r-1",
            "request_id": "q-1",
            "exec_id": "e-1",
            "pc_id": "pc-1",
            "exit_code": 0,
            "stdout": "hello\0world",
            "started_at": AT,
            "finished_at": AT_NS,
            "recorded_at": S,
            "job_id": "job",
        },
        {"result_id": "r-2", "request_id": "q-2", "pc_id": "pc-2", "started_at": AT, "recorded_at": S},
        {
            "result_id": "r-3",
            "request_id": "q-3",
            "pc_id": "pc-2",
            "exit_code": -1,
            "started_at": AT,
            "finished_at": S,  # stamped by upstream's reaper
            "reaped": 1,
        },
    ),
    "executions": (
        {"exec_id": "e-1", "job_id": "job", "version": "1", "initiated_by": "operator", "target_count": 1},
    ),
    "host_perf_samples": ({"pc_id": "pc-1", "at": AT_NS, "cpu_pct": 3, "mem_used_bytes": 1},),
    "process_perf_samples": (
        {"pc_id": "pc-1", "at": AT_NS, "pid": 4, "name": "system", "cpu_pct": 1.0, "rss_bytes": 1},
    ),
    "obs_events": (
        {"pc_id": "pc-1", "at": AT, "kind": "logon", "source": "winlog:Security", "payload": '{"user":"u"}'},
    ),
    "inventory_facts": (
        {"pc_id": "pc-1", "job_id": "inv", "facts_json": ' {"ram":1}\n', "display_json": "[]"},
    ),
    "inventory_history": ({"pc_id": "pc-1", "job_id": "inv", "field_path": "ram", "change_kind": "changed"},),
    "users": ({"username": "admin", "password_hash": PASSWORD_HASH, "role": "admin", "created_at": S},),
}


def build(path: Path, *, baseline: bool = True) -> Path:
    """Make the file: rollback journal, pages of 4096 bytes, ten tables with rows, twenty indexes.

    Without `baseline` the row of `_sqlx_migrations` is left out.
    """
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA page_size = 4096")
        connection.executescript("BEGIN;" + SCHEMA)
        if baseline:
            connection.execute(
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)"
                " VALUES (?, 'baseline', 1, ?, 1234567)",
                (BASELINE_VERSION, BASELINE_CHECKSUM),
            )
        for table, rows in ROWS.items():
            for row in rows:
                marks = ", ".join("?" * len(row))
                connection.execute(
                    f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values())
                )
        connection.execute("COMMIT")
    return path


def content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of upstream's tables, the columns that upstream knows, by table."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return {
            table: connection.execute(
                f"SELECT {', '.join(_columns(table))} FROM {table} ORDER BY 1, 2, 3"
            ).fetchall()
            for table in (*ROWS, "_sqlx_migrations")
        }


def _columns(table: str) -> list[str]:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA)
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
