"""Which errors of SQLite are causes (the file is busy, full, damaged) and which are a plugin's own.

A cause concerns everybody and passes; it becomes `StoreUnavailable`, and nothing is set aside for it.
Everything else (a misspelt column, a violated constraint) is left as it is, for whoever wrote the SQL.
"""

from __future__ import annotations

import sqlite3

from kanade_host.plugin.errors import OperatorError, PluginError, StoreUnavailable


class StoreDamaged(StoreUnavailable):
    """The database file is damaged, or no database at all: waiting does not help, restore a copy."""


class NotAllowed(PluginError):
    """A statement of a plugin reached for what is not that plugin's."""


class MigrationFailed(PluginError):
    """The migrations of one plugin cannot be applied. `plugin` and `reason` say whose and why."""

    def __init__(self, plugin: str, reason: str) -> None:
        super().__init__(f"the migrations of plugin {plugin} cannot be applied: {reason}")
        self.plugin = plugin
        self.reason = reason


class DatabaseRefused(OperatorError):
    """The configured database cannot be used; the text names the file and says what to do."""


_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
_CAUSES = _DAMAGE | {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOLFS,
}


def primary_code(error: BaseException) -> int | None:
    """SQLite's result code without its extension; None where the error has none (misuse, bad values)."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def cause_of(error: BaseException, doing: str) -> StoreUnavailable | None:
    """The error as `StoreUnavailable` when it is a cause; None when it is somebody's own mistake."""
    code = primary_code(error)
    if code not in _CAUSES:
        return None
    kind = StoreDamaged if code in _DAMAGE else StoreUnavailable
    found = kind(f"the database cannot be used while {doing}: {error}")
    found.__cause__ = error
    return found
