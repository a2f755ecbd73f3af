"""What a plugin that is not installed any more left behind, and its removal."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kanade_host.plugin.audit import audit
from kanade_host.plugin.clock import SystemClock
from kanade_host.store.connections import open_writer
from kanade_host.store.location import Location
from kanade_host.store.lockfile import LockFile
from kanade_host.store.upstream import BASE_TABLES

# Rows of the host about a plugin: table and the column that names it.
_OF_HOST = {
    "host_positions": "plugin",
    "host_dead_letters": "plugin",
    "host_outbox": "plugin",
    "host_plugins": "name",
    "host_tables": "plugin",
    "host_migration_files": "plugin",
}


@dataclass(slots=True)
class Left:
    """What there is of a plugin. `tables`: rows by table; `emptied`: those of them that are kanade-backend's
    too, which stay, without rows; `host`: rows of the host about it; `files`: in its folder, with bytes.
    """

    plugin: str
    tables: dict[str, int] = field(default_factory=dict)
    emptied: list[str] = field(default_factory=list)
    host: dict[str, int] = field(default_factory=dict)
    folder: Path | None = None
    files: int = 0
    bytes: int = 0

    @property
    def nothing(self) -> bool:
        """There is nothing to remove."""
        return not (self.tables or self.host or self.files)

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "plugin": self.plugin,
            "tables": self.tables,
            "emptied": self.emptied,
            "host": self.host,
            "files": self.files,
            "bytes": self.bytes,
        }


def left_of(connection: sqlite3.Connection, plugin: str, folder: Path) -> Left:
    """Look, and change nothing."""
    left = Left(plugin)
    for table in _tables(connection, plugin):
        left.tables[table] = _count(connection, f'SELECT count(*) FROM "{table}"')
        if table.lower() in BASE_TABLES:
            left.emptied.append(table)
    for table, column in _OF_HOST.items():
        count = _count(connection, f"SELECT count(*) FROM {table} WHERE {column} = ?", plugin)
        if count:
            left.host[table] = count
    own = folder / "plugins" / plugin
    if own.is_dir():
        files = [path for path in own.rglob("*") if path.is_file()]
        left.folder, left.files, left.bytes = own, len(files), sum(path.stat().st_size for path in files)
    return left


def _count(connection: sqlite3.Connection, sql: str, *values: str) -> int:
    return int(connection.execute(sql, values).fetchone()[0])


def _tables(connection: sqlite3.Connection, plugin: str) -> list[str]:
    """Its tables that are there; virtual ones first, since theirs go with them."""
    rows = connection.execute(
        "SELECT m.name FROM host_tables AS t JOIN sqlite_master AS m ON m.name = t.name COLLATE NOCASE"
        " WHERE t.plugin = ? AND m.type = 'table' ORDER BY m.sql NOT LIKE 'CREATE VIRTUAL%', m.name",
        [plugin],
    )
    return [row[0] for row in rows]


def purge(location: Location, left: Left) -> None:
    """Remove it, in one transaction, with an audit record. Raises `DatabaseRefused` while a host runs."""
    lock = LockFile(location.path)
    lock.take()
    try:
        with contextlib.closing(open_writer(location)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            _remove(connection, left)
            sending = _Outbox(connection)
            removed = {"tables": sorted(left.tables), "files": left.files}
            audit(sending, SystemClock().now(), "plugin_purge", left.plugin, removed)  # type: ignore[arg-type]
            connection.execute("COMMIT")
        if left.folder is not None:
            shutil.rmtree(left.folder)
    finally:
        lock.release()


def _remove(connection: sqlite3.Connection, left: Left) -> None:
    plugin = left.plugin
    keeps = bool(left.emptied)
    for table in left.tables:
        if table in left.emptied:
            connection.execute(f'DELETE FROM "{table}"')
        else:
            connection.execute(f'DROP TABLE IF EXISTS "{table}"')
    for table, column in _OF_HOST.items():
        # Of tables that stay, what was applied to them has to be known when the plugin comes back.
        if not (keeps and table in ("host_tables", "host_migration_files")):
            connection.execute(f"DELETE FROM {table} WHERE {column} = ?", [plugin])
    if not keeps:
        like = plugin.replace("\\", r"\\").replace("_", r"\_") + ".%"
        connection.execute(r"DELETE FROM _yoyo_migration WHERE migration_id LIKE ? ESCAPE '\'", [like])
    gaps = plugin.replace("_", r"\_") + ".%"
    connection.execute(r"DELETE FROM host_gaps WHERE projection LIKE ? ESCAPE '\'", [gaps])
    connection.execute("UPDATE host_commits SET number = number + 1")


class _Outbox:
    """As much of a transaction as an audit record needs."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def send(self, subject: str, body: bytes, *, id: str) -> None:
        sql = "INSERT INTO host_outbox (plugin, message_id, subject, body) VALUES ('host', ?, ?, ?)"
        self._connection.execute(sql, (id, subject, body))
