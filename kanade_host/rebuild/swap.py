"""The one transaction that puts the rebuilt rows in the place of the old ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kanade_host.plugin.rebuild import Reach, Step
from kanade_host.rebuild.scratch import Tables, columns_of, common_columns, copy_schema

REBUILT = "rebuilt"
_LETTER = (
    "projection, plugin, stream, stream_created, sequence, subject, time_ns, body, error, traceback, status"
)


@dataclass(frozen=True, slots=True)
class Replayed:
    """Which messages were replayed: the stream's creation time, first and last sequence."""

    projection: str
    created: str
    first: int
    last: int


def swap(
    tx: Any,
    tables: Tables,
    replayed: Sequence[Replayed],
    step: Step | None,
    reach: Reach,
    topics: Sequence[str],
) -> dict[str, tuple[int, int]]:
    """Replace all rows; answers how many each table had, and has now.

    Runs on the live database's writer with the scratch file attached as `rebuilt`, while the plugin's
    projections are held: the positions stay what they are.
    """
    host = tx.acting_as("host")
    counts = {}
    for name in (*tables.replaced, *_dynamic(host, tables)):
        counts[name] = _replace(host, name)
    if step is not None:
        step(tx, reach)
    for one in replayed:
        _letters(host, one)
    for topic in topics:
        tx.changed(topic)
    host.changed("dead-letters")
    return counts


def _dynamic(tx: Any, tables: Tables) -> list[str]:
    """Tables made at run time: those of the scratch file, which may have made some that are gone here."""
    fixed = {name.lower() for name in (*tables.replaced, *tables.kept)}
    hosts = {row[0].lower() for row in tx.execute(f"SELECT name FROM {REBUILT}.host_tables").fetchall()}
    rows = tx.execute(f"SELECT name FROM {REBUILT}.sqlite_master WHERE type = 'table'").fetchall()
    known = {name.lower() for name in tables.dynamic}
    found = []
    for name in (row[0] for row in rows):
        low = name.lower()
        if low in fixed | hosts or low.startswith(("sqlite_", "host_", "_yoyo", "yoyo_")):
            continue
        if low not in known and not columns_of(tx, "main", name):
            copy_schema(tx, REBUILT, name)
        found.append(name)
    return found


def _replace(tx: Any, table: str) -> tuple[int, int]:
    before = tx.execute(f'SELECT count(*) FROM main."{table}"').fetchone()[0]
    tx.execute(f'DELETE FROM main."{table}"')
    if columns_of(tx, "main", table) == columns_of(tx, REBUILT, table):
        # With `*` SQLite copies whole pages' worth of records, of tables and indexes alike.
        sql = f'INSERT INTO main."{table}" SELECT * FROM {REBUILT}."{table}"'
    else:  # a file of kanade-backend has its columns in the order of its own migrations
        columns = common_columns(tx, REBUILT, table)
        sql = f'INSERT INTO main."{table}" ({columns}) SELECT {columns} FROM {REBUILT}."{table}"'
    tx.execute(sql)
    return before, tx.execute(f'SELECT count(*) FROM {REBUILT}."{table}"').fetchone()[0]


def _letters(tx: Any, one: Replayed) -> None:
    """Of the messages that were replayed, those that failed are the dead letters now."""
    which = (one.projection, one.created, one.first, one.last)
    same = (
        "r.projection = d.projection AND r.stream_created = d.stream_created AND r.sequence = d.sequence"
        " AND r.time_ns = d.time_ns"
    )
    tx.execute(
        "DELETE FROM main.host_dead_letters AS d WHERE projection = ? AND stream_created = ?"
        " AND sequence BETWEEN ? AND ?"
        f" AND NOT EXISTS (SELECT 1 FROM {REBUILT}.host_dead_letters AS r WHERE {same})",
        which,
    )
    tx.execute(
        f"INSERT INTO main.host_dead_letters ({_LETTER}) SELECT {_LETTER} FROM {REBUILT}.host_dead_letters"
        " WHERE projection = ? AND stream_created = ? AND sequence BETWEEN ? AND ? ON CONFLICT DO NOTHING",
        which,
    )
