"""Derived tables: made when they are first needed, and given the columns that a spec has gained.

`contract/database.md` 4. Nothing is remembered longer than a transaction: one that is undone takes its
tables with it. Which names are refused is for the host to say, whose authorizer knows
every owner; a statement that it denies has done nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kanade_host.plugin import Context, Tx
from kanade_host_inventory.manifest import ExplodeSpec
from kanade_host_inventory.spec import FIXED, TYPES, BadSpec, check_spec, is_identifier

_OURS = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_AUTH})
"""Codes that say something about this statement. All others are causes, and everybody's."""

_OTHER = "create table {}: it exists and is no table of an inventory; choose another name"
_NUMBER = ("rowid", "_rowid_", "oid")
_NUMBERLESS = "create table {}: columns are called rowid, _rowid_ and oid; call one of them otherwise"
_OBJECT = "SELECT type, name FROM sqlite_master WHERE name = ? COLLATE NOCASE"
_INDEXES = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? COLLATE NOCASE"


@dataclass(frozen=True, slots=True)
class Table:
    """A derived table as it stands. `declared`: lower-case column -> type; `key`: its own columns of the
    primary key (lower case); `indexes`: lower-case names.
    """

    name: str
    declared: dict[str, str]
    key: tuple[str, ...]
    indexes: frozenset[str]

    @property
    def number(self) -> str:
        """SQLite's name for the number of a row that no column of the table has taken."""
        return next(name for name in _NUMBER if name not in self.declared)

    def lacks(self, spec: ExplodeSpec) -> bool:
        """Whether the spec wants a column or an index that is not there."""
        return any(
            column.field.lower() not in self.declared
            or (column.index and index_name(spec.table, column.field).lower() not in self.indexes)
            for column in spec.columns
        )


def index_name(table: str, column: str) -> str:
    return f"idx_{table}_{column}"


def makes(table: str) -> bool:
    """Which tables this plugin makes at run time: any with a sound name. The host takes out all others'."""
    return is_identifier(table)


def ensure(tx: Tx, spec: ExplodeSpec) -> Table:
    """Make the table, or add what it lacks. Raises `BadSpec`; then nothing was done to any row."""
    check_spec(spec)
    name = spec.table
    made = tx.execute(_OBJECT, (name,)).fetchone()
    if made is None:
        _try(tx, _create(spec), f"create table {name}")
    elif made[0] != "table":
        raise BadSpec(_OTHER.format(name))
    else:
        _try(tx, f'DELETE FROM "{name}" WHERE 0', f"create table {name}")
    table = _look(name, tx.execute(f'PRAGMA table_info("{name}")').fetchall(), ())
    for column in spec.columns:
        if column.field.lower() not in table.declared:
            _try(
                tx,
                f'ALTER TABLE "{name}" ADD COLUMN "{column.field}" {TYPES[column.type]}',
                f"create table {name}",
            )
        if column.index:
            _try(tx, _index(spec, column.field), f"create index for {name}")
    rows = tx.execute(f'PRAGMA table_info("{name}")').fetchall()
    return _look(name, rows, (row[0] for row in tx.execute(_INDEXES, (name,))))


class Tables:
    """Those of one transaction, each looked at once: what was made is gone with the transaction itself."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._found: dict[int, tuple[ExplodeSpec, Table]] = {}

    def of(self, spec: ExplodeSpec) -> Table:
        """As `ensure`."""
        found = self._found.get(id(spec))
        if found is None:
            found = self._found[id(spec)] = spec, ensure(self._tx, spec)  # the spec keeps its number
        return found[1]


async def find(ctx: Context, spec: ExplodeSpec) -> Table:
    """The table for a reader; made or completed where that is needed. Raises `BadSpec`."""
    check_spec(spec)
    rows = await ctx.query(f'PRAGMA table_info("{spec.table}")')
    if rows:
        indexes = [row[0] for row in await ctx.query(_INDEXES, (spec.table,))]
        table = _look(spec.table, rows, indexes)
        if not table.lacks(spec):
            return table
    return await ctx.write(lambda tx: ensure(tx, spec))


def _look(name: str, rows: Sequence[Any], indexes: Iterable[str]) -> Table:
    """What `PRAGMA table_info` says: position, name, type, not null, default, place in the primary key."""
    if [row[1].lower() for row in rows[:3]] != list(FIXED):
        raise BadSpec(_OTHER.format(name))
    keyed = sorted((row[5], row[1].lower()) for row in rows if row[5])
    key = tuple(column for _, column in keyed if column not in FIXED)
    declared = {row[1].lower(): row[2].upper() for row in rows}
    if declared.keys() >= set(_NUMBER):
        raise BadSpec(_NUMBERLESS.format(name))
    return Table(name, declared, key, frozenset(index.lower() for index in indexes))


def _create(spec: ExplodeSpec) -> str:
    columns = [f'"{column.field}" {TYPES[column.type]}' for column in spec.columns]
    key = ", ".join(f'"{name}"' for name in spec.primary_key)
    parts = ["pc_id TEXT NOT NULL", "job_id TEXT NOT NULL", "collected_at TIMESTAMP", *columns]
    return f'CREATE TABLE "{spec.table}" ({", ".join(parts)}, PRIMARY KEY (pc_id, job_id, {key}))'


def _index(spec: ExplodeSpec, column: str) -> str:
    name = index_name(spec.table, column)
    return f'CREATE INDEX IF NOT EXISTS "{name}" ON "{spec.table}" ("{column}")'


def _try(tx: Tx, sql: str, doing: str) -> None:
    try:
        tx.execute(sql)
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code not in _OURS:
            raise
        if code == sqlite3.SQLITE_AUTH:
            raise BadSpec(f"{doing}: that name belongs to the backend; choose another one") from error
        raise BadSpec(f"{doing}: error returned from database: (code: {code}) {error}") from error
