"""Which statements a plugin may run: SQLite asks its authorizer when a statement is prepared.

A prepared statement is cached and not asked about again. Therefore each statement carries its owner in
a comment (`marked`), so that two plugins never share one, and `Guard.owner` is set before each
execution, because SQLite prepares again, and asks again, when the schema has changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping

HOST = "host"

_FREE = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_WRITES = {
    sqlite3.SQLITE_INSERT: "insert into",
    sqlite3.SQLITE_UPDATE: "update",
    sqlite3.SQLITE_DELETE: "delete from",
}
# Position of the table's name among the authorizer's arguments: 1 the first, 2 the second.
_DDL = {
    sqlite3.SQLITE_CREATE_TABLE: (1, "create"),
    sqlite3.SQLITE_DROP_TABLE: (1, "drop"),
    sqlite3.SQLITE_CREATE_VTABLE: (1, "create"),
    sqlite3.SQLITE_DROP_VTABLE: (1, "drop"),
    sqlite3.SQLITE_CREATE_VIEW: (1, "create"),
    sqlite3.SQLITE_DROP_VIEW: (1, "drop"),
    sqlite3.SQLITE_ANALYZE: (1, "analyze"),
    sqlite3.SQLITE_ALTER_TABLE: (2, "alter"),
    sqlite3.SQLITE_CREATE_INDEX: (2, "create an index on"),
    sqlite3.SQLITE_DROP_INDEX: (2, "drop an index of"),
    sqlite3.SQLITE_CREATE_TRIGGER: (2, "create a trigger on"),
    sqlite3.SQLITE_DROP_TRIGGER: (2, "drop a trigger of"),
}
_SCHEMA = frozenset({"sqlite_master", "sqlite_schema"})
_ASKING_PRAGMAS = frozenset(  # with an argument they still only ask
    {"table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list"}
)
_READABLE_PRAGMAS = _ASKING_PRAGMAS | {
    "user_version",
    "page_count",
    "page_size",
    "freelist_count",
    "data_version",
}
_NAMES = {
    sqlite3.SQLITE_TRANSACTION: "begin, commit or roll back",
    sqlite3.SQLITE_SAVEPOINT: "use savepoints",
    sqlite3.SQLITE_ATTACH: "attach a database",
    sqlite3.SQLITE_DETACH: "detach a database",
}


class Owners(Mapping[str, str]):
    """Which plugin owns which table. Names are compared as SQLite does, ignoring case.

    Tables that a plugin makes while it runs are covered by a predicate on the name.
    """

    def __init__(self, tables: Mapping[str, str] | None = None) -> None:
        self._tables = {name.lower(): plugin for name, plugin in (tables or {}).items()}
        self._dynamic: list[tuple[str, Callable[[str], bool]]] = []

    def __getitem__(self, table: str) -> str:
        return self._tables[table.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def add(self, table: str, plugin: str) -> None:
        """A table has come to belong to a plugin."""
        self._tables[table.lower()] = plugin

    def allow_dynamic(self, plugin: str, predicate: Callable[[str], bool]) -> None:
        """The plugin may also make and fill tables whose names the predicate accepts and nobody owns."""
        self._dynamic.append((plugin, predicate))

    def may_write(self, plugin: str, table: str) -> bool:
        """Does the table belong to the plugin?"""
        owner = self._tables.get(table.lower())
        if owner is not None:
            return owner == plugin
        return any(plugin == who and accepts(table) for who, accepts in self._dynamic)


class Guard:
    """The authorizer of one connection; `owner` is whoever runs the current statement."""

    def __init__(self, owners: Owners) -> None:
        self.owners = owners
        self.owner = HOST
        self.refusal = ""

    def __call__(self, action: int, first: str | None, second: str | None, *_place: str | None) -> int:
        if action in _FREE or self.owner == HOST:
            return sqlite3.SQLITE_OK
        reason = self._reason(action, first, second)
        if reason is None:
            return sqlite3.SQLITE_OK
        self.refusal = f"plugin {self.owner} may not {reason}"
        return sqlite3.SQLITE_DENY

    def _reason(self, action: int, first: str | None, second: str | None) -> str | None:
        """What is not allowed, to follow "may not"; None when it is allowed."""
        if action in _WRITES:
            return None if first in _SCHEMA else self._foreign(_WRITES[action], first)
        if action == sqlite3.SQLITE_REINDEX:  # CREATE INDEX asks for this too
            return None
        if action in _DDL:
            position, verb = _DDL[action]
            return self._foreign(verb, first if position == 1 else second)
        if action == sqlite3.SQLITE_PRAGMA:
            return None if asks(first, second) else f"use PRAGMA {first}"
        return _NAMES.get(action, f"do this (action {action} of SQLite's authorizer)")

    def _foreign(self, verb: str, table: str | None) -> str | None:
        if table is not None and self.owners.may_write(self.owner, table):
            return None
        if table == "sqlite_temp_master":
            return "use temporary tables"
        owner = self.owners.get(table or "")
        whose = f"it belongs to {owner}" if owner else "no migration of the plugin creates it"
        return f"{verb} the table {table}: {whose}"


def read_only(action: int, first: str | None, second: str | None, *_place: str | None) -> int:
    """The authorizer of reading connections: nothing that changes a file or the connection itself.

    The first use of a virtual table (`json_each`, a search index) asks for an update of the schema table
    while it declares its columns. Nothing is written then, and SQLite itself refuses a real one.
    """
    free = action in _FREE or (action == sqlite3.SQLITE_PRAGMA and asks(first, second))
    declares = action == sqlite3.SQLITE_UPDATE and first in _SCHEMA
    return sqlite3.SQLITE_OK if free or declares else sqlite3.SQLITE_DENY


def asks(pragma: str | None, argument: str | None) -> bool:
    """The pragma only asks, and changes nothing."""
    return pragma in (_READABLE_PRAGMAS if argument is None else _ASKING_PRAGMAS)
