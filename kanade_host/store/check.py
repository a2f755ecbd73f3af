"""`db check`: is the file sound, and do the host's own rows make sense? Only reads; the host may run."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from dataclasses import dataclass, field

from kanade_host.store.connections import open_reader, refuse
from kanade_host.store.location import Location
from kanade_host.store.ownership import host_owned
from kanade_host.store.upstream import missing_columns, tables_of, unwritable_columns

_INVARIANTS = {
    "host_commits holds one row": "SELECT count(*) <> 1 FROM host_commits",
    "positions are counted from the first message": "SELECT count(*) FROM host_positions WHERE sequence < 0",
    "dead letters lie at or below their projection's position": (
        "SELECT count(*) FROM host_dead_letters d JOIN host_positions p ON p.projection = d.projection"
        " AND p.stream_created = d.stream_created WHERE d.sequence > p.sequence"
    ),
    "gaps are not empty": "SELECT count(*) FROM host_gaps WHERE last_missing < first_missing",
    "every table that a plugin owns is there": (
        "SELECT count(*) FROM host_tables t WHERE NOT EXISTS (SELECT 1 FROM sqlite_master m"
        " WHERE m.type = 'table' AND m.name = t.name COLLATE NOCASE)"
    ),
}


@dataclass(slots=True)
class CheckReport:
    """`problems` are to be put right; `facts` are worth knowing."""

    problems: list[str] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)


def check_database(location: Location, *, deep: bool = False) -> CheckReport:
    """`deep` also compares every index with its table (slow). Raises `DatabaseRefused`."""
    report = CheckReport()
    try:
        with contextlib.closing(open_reader(location)) as connection:
            _facts(connection, location, report)
            _sound(connection, report, "integrity_check" if deep else "quick_check")
            _host_rows(connection, report)
            _takeover(connection, report)
    except sqlite3.DatabaseError as error:
        raise refuse(error, location.path, "checking it") from error
    _private(location, report)
    return report


def _facts(connection: sqlite3.Connection, location: Location, report: CheckReport) -> None:
    pages, size, free = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "page_size", "freelist_count")
    )
    report.facts |= {
        "file": str(location.path),
        "sqlite": sqlite3.sqlite_version,
        "journal": connection.execute("PRAGMA journal_mode").fetchone()[0],
        "bytes": str(pages * size),
        "free_bytes": str(free * size),
    }


def _sound(connection: sqlite3.Connection, report: CheckReport, pragma: str) -> None:
    lines = [row[0] for row in connection.execute(f"PRAGMA {pragma}(20)")]
    if lines != ["ok"]:
        report.problems += [f"the file is damaged: {line}" for line in lines]


def _host_rows(connection: sqlite3.Connection, report: CheckReport) -> None:
    missing = {name.lower() for name in host_owned().tables} - tables_of(connection)
    if missing:
        report.problems.append(
            f"tables of the host are missing: {', '.join(sorted(missing))}; start the host once, or run"
            " kanade-host db migrate"
        )
        return
    for rule, query in _INVARIANTS.items():
        if connection.execute(query).fetchone()[0]:
            report.problems.append(f"not true: {rule}")
    row = connection.execute("SELECT number, made_by FROM host_commits").fetchone()
    if row is not None:
        report.facts |= {"commit": str(row[0]), "made_by": row[1]}


def _takeover(connection: sqlite3.Connection, report: CheckReport) -> None:
    for table, columns in missing_columns(connection).items():
        report.problems.append(
            f"{table} lacks columns that kanade-backend needs: {', '.join(sorted(columns))}"
        )
    for column in unwritable_columns(connection):
        report.problems.append(
            f"{column} is NOT NULL without a default: kanade-backend could not insert rows"
        )


def _private(location: Location, report: CheckReport) -> None:
    if os.name != "nt" and location.path.stat().st_mode & 0o077:
        report.facts["readable_by_others"] = f"chmod 600 {location.path}"
