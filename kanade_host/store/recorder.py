"""What the statements of a migration reach for, learnt from SQLite's authorizer.

In scratch it records: which names are created, which tables a file changes. On the real database it
lets through what was seen in scratch, and nothing else.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Container

from kanade_host.store.guard import asks

_WRITES = frozenset({sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE})
_CREATES = frozenset({sqlite3.SQLITE_CREATE_TABLE, sqlite3.SQLITE_CREATE_VTABLE, sqlite3.SQLITE_CREATE_VIEW})
_DROPS = frozenset({sqlite3.SQLITE_DROP_TABLE, sqlite3.SQLITE_DROP_VTABLE, sqlite3.SQLITE_DROP_VIEW})
_OF_TABLE = frozenset(  # the table is the second argument
    {
        sqlite3.SQLITE_ALTER_TABLE,
        sqlite3.SQLITE_CREATE_INDEX,
        sqlite3.SQLITE_DROP_INDEX,
        sqlite3.SQLITE_CREATE_TRIGGER,
        sqlite3.SQLITE_DROP_TRIGGER,
    }
)
_CHANGES = _WRITES | _DROPS | {sqlite3.SQLITE_ALTER_TABLE}
_FREE = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_REINDEX,
        sqlite3.SQLITE_ANALYZE,
    }
)
_SCHEMA = frozenset({"sqlite_master", "sqlite_schema", "sqlite_temp_master", "sqlite_sequence"})


class Recorder:
    """The authorizer of a connection that migrates. Acts while `active`, which is while a file's SQL runs.

    `foreign`: tables that are not the plugin's; `own`: when given, only these may be changed.
    """

    def __init__(self, foreign: Container[str], own: Container[str] | None = None) -> None:
        self._foreign, self._own = foreign, own
        self.active = False
        self.refusal = ""
        self.created: set[str] = set()
        self.changed: set[str] = set()

    def __call__(self, action: int, first: str | None, second: str | None, *_place: str | None) -> int:
        if not self.active or action in _FREE:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_PRAGMA and asks(first, second):  # virtual tables do, when they are made
            return sqlite3.SQLITE_OK
        table = (second if action in _OF_TABLE else first) or ""
        reason = self._refused(action, table)
        if reason:
            self.refusal = reason
            return sqlite3.SQLITE_DENY
        name = table.lower()
        if action in _CREATES:
            self.created.add(name)
        if action in _CHANGES and name not in _SCHEMA:
            self.changed.add(name)
        return sqlite3.SQLITE_OK

    def _refused(self, action: int, table: str) -> str:
        if action not in _WRITES | _CREATES | _DROPS | _OF_TABLE:
            return (
                "it may create, alter, drop, fill and empty tables, and create indexes, triggers and views;"
                " transactions, PRAGMA, ATTACH and temporary tables are the host's"
            )
        if table in _SCHEMA:
            return ""
        if table.lower() in self._foreign:
            return f"the table {table} does not belong to the plugin"
        if self._own is not None and table.lower() not in self._own:
            return f"the table {table} was not among what the plugin creates when the migrations were tried"
        return ""
