"""What kanade-backend 0.43.25 has in its database (`contract/database.md` 3): so that a file can be taken
over from it, and given back.
"""

from __future__ import annotations

import sqlite3

from kanade_host.store.errors import DatabaseRefused

BASELINE_VERSION = 20260604000000
BASELINE_CHECKSUM = bytes.fromhex(
    "2dbcf45aa57e4f0a9eb80590b78aa68bbf72d7e54b48da1485342abdf232716b6bd1d63a3b76c05dc41a7af42a581657"
)

BASE_TABLES: dict[str, frozenset[str]] = {
    table: frozenset(columns.split())
    for table, columns in {
        "agents": "pc_id hostname last_heartbeat agent_version os_family updated_at agent_cpu_pct"
        " agent_rss_bytes agent_disk_read_bytes agent_disk_written_bytes",
        "audit_log": "id actor action target payload occurred_at",
        "execution_results": "result_id request_id exec_id pc_id exit_code stdout stderr started_at"
        " finished_at recorded_at job_id version reaped",
        "executions": "exec_id job_id version initiated_by initiated_at target_count success_count"
        " failure_count status",
        "host_perf_samples": "pc_id at cpu_pct cpu_count mem_used_bytes mem_total_bytes swap_used_bytes"
        " swap_total_bytes disk_read_bytes_per_sec disk_written_bytes_per_sec net_rx_bytes_per_sec"
        " net_tx_bytes_per_sec",
        "process_perf_samples": "pc_id at pid name cpu_pct rss_bytes disk_read_bytes_per_sec"
        " disk_written_bytes_per_sec",
        "obs_events": "id pc_id at kind source event_record_id payload",
        "inventory_facts": "pc_id job_id facts_json display_json summary_json collected_at recorded_at",
        "inventory_history": "id pc_id job_id field_path identity_json change_kind before_json after_json"
        " observed_at",
        "users": "username password_hash role disabled must_change_pw created_at updated_at",
    }.items()
}
"""Table -> the columns that upstream writes or reads by name."""

_SQLX = (
    "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,"
    " installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL,"
    " checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)"
)


def tables_of(connection: sqlite3.Connection) -> set[str]:
    """The names of all tables, lower case."""
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {row[0].lower() for row in rows}


def missing_columns(connection: sqlite3.Connection) -> dict[str, frozenset[str]]:
    """What upstream needs and a base table that is there lacks."""
    present = tables_of(connection)
    lacking = {
        table: columns - {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        for table, columns in BASE_TABLES.items()
        if table in present
    }
    return {table: columns for table, columns in lacking.items() if columns}


def unwritable_columns(connection: sqlite3.Connection) -> list[str]:
    """Columns beside upstream's that its INSERTs would stumble over: NOT NULL without a default."""
    present = tables_of(connection)
    return [
        f"{table}.{row[1]}"
        for table, columns in BASE_TABLES.items()
        if table in present
        for row in connection.execute(f"PRAGMA table_info({table})").fetchall()
        if row[1] not in columns and row[3] and row[4] is None
    ]


def examine(connection: sqlite3.Connection, path: object) -> None:
    """Is this a file that we may work on? Raises `DatabaseRefused`; changes nothing."""
    present = tables_of(connection)
    if not present or "host_commits" in present:
        return
    if "_sqlx_migrations" in present:
        _examine_versions(connection, path)
    elif not present & BASE_TABLES.keys() and "host_migration_files" not in present:
        raise DatabaseRefused(
            f"the database {path} belongs to another program (its tables: {', '.join(sorted(present)[:5])})"
            " and was left alone: name another file in [db] sqlite_path"
        )
    lacking = missing_columns(connection)
    if lacking:
        what = "; ".join(f"{table} lacks {', '.join(sorted(names))}" for table, names in lacking.items())
        raise DatabaseRefused(
            f"the tables in {path} are not those of kanade-backend 0.43.25 ({what}): start that version once"
            " on this file, or name another file in [db] sqlite_path"
        )


def _examine_versions(connection: sqlite3.Connection, path: object) -> None:
    rows = [
        tuple(row) for row in connection.execute("SELECT version, success, checksum FROM _sqlx_migrations")
    ]
    if rows and rows != [(BASELINE_VERSION, 1, BASELINE_CHECKSUM)]:
        versions = ", ".join(str(row[0]) for row in rows)
        raise DatabaseRefused(
            f"the database {path} was written by another version of kanade-backend than 0.43.25 (migrations"
            f" {versions}) and was left alone: start kanade-backend 0.43.25 once on it, or name another file"
            " in [db] sqlite_path"
        )


def record_baseline(connection: sqlite3.Connection) -> bool:
    """Write upstream's row into a database that we made, once all ten tables are there as it knows them.

    With the row, upstream starts on the file at once; without it, it creates what is missing and
    starts. Its own row is never touched. True when written.
    """
    present = tables_of(connection)
    if "_sqlx_migrations" in present or not BASE_TABLES.keys() <= present:
        return False
    if missing_columns(connection) or unwritable_columns(connection):
        return False
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(_SQLX)
        connection.execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)"
            " VALUES (?, 'baseline', 1, ?, 0)",
            (BASELINE_VERSION, BASELINE_CHECKSUM),
        )
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return True
