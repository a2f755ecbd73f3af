"""Applies migrations, plugin by plugin, so that one plugin's failure is its own.

Each file is one transaction together with its bookkeeping. An applied file that was edited, and tables
that a newer version of a plugin made, are noticed. Before a file changes tables that are there already
and hold rows, the database is copied.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kanade_host.plugin.errors import StoreUnavailable
from kanade_host.store.connections import open_reader, open_writer, refuse
from kanade_host.store.copies import copy_before
from kanade_host.store.errors import MigrationFailed
from kanade_host.store.guard import HOST, Owners
from kanade_host.store.location import Location
from kanade_host.store.ownership import BOOKKEEPING, Owned, apply_script, host_owned, inspect_one
from kanade_host.store.recorder import Recorder
from kanade_host.store.scripts import PluginMigrations, Script, read_scripts
from kanade_host.store.upstream import tables_of
from kanade_host.store.yoyo_backend import Backend, LockedByYoyo

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done for one plugin: ids of files, and where the copy lies that was taken before."""

    plugin: str
    files: tuple[str, ...] = ()
    copy: Path | None = None


@dataclass(frozen=True, slots=True)
class FileState:
    """One line of `db status`. `state`: applied, pending, edited, unknown (applied, but not in the code)."""

    plugin: str
    name: str
    state: str
    applied_at: str | None = None


def apply(location: Location, item: PluginMigrations, owned: Owned | None = None) -> Applied:
    """Bring one plugin's tables up to date, before the writer opens.

    Raises `MigrationFailed` (that plugin stays out, the others run), `DatabaseRefused` and
    `StoreUnavailable` (nobody can run). The database is as before when it raises, but for files that
    were applied in full.
    """
    scripts = read_scripts(item)
    owned = owned or inspect_one(item)
    try:
        with contextlib.closing(open_writer(location)) as connection:
            foreign = _tables_of_others(connection, item.plugin)
            _check_owners(item.plugin, owned, foreign)
            backend = Backend(connection, Recorder(foreign, owned.touched))
            backend.prepare()
            pending = _pending(item.plugin, connection, scripts)
            copy = _copy(location, item.plugin, owned, pending, connection)
            for script in pending:
                log.info("migrating: plugin=%s file=%s", item.plugin, script.name)
                apply_script(item.plugin, backend, script)
            _keep_owners(connection, item.plugin, owned)
            return Applied(item.plugin, tuple(script.name for script in pending), copy)
    except LockedByYoyo as held:
        raise StoreUnavailable(f"{held}: wait until it has ended, or end it, and start again") from held
    except sqlite3.Error as error:
        raise refuse(error, location.path, f"migrating {item.plugin}") from error


def _tables_of_others(connection: sqlite3.Connection, plugin: str) -> set[str]:
    """Tables that belong to other plugins, also to those that are switched off today, and to the host."""
    others = set() if plugin == HOST else {name.lower() for name in host_owned().tables}
    if "host_tables" in tables_of(connection):
        rows = connection.execute("SELECT name FROM host_tables WHERE plugin <> ?", (plugin,))
        others |= {row[0].lower() for row in rows}
    return others


def _check_owners(plugin: str, owned: Owned, others: set[str]) -> None:
    taken = sorted(name for name in owned.tables if name.lower() in others)
    if taken:
        raise MigrationFailed(
            plugin, f"the table {taken[0]} belongs to another plugin in this database: choose another name"
        )


def _pending(plugin: str, connection: sqlite3.Connection, scripts: list[Script]) -> list[Script]:
    applied = _applied(connection, plugin)
    checksums = _checksums(connection, plugin)
    unknown = sorted(applied.keys() - {script.name for script in scripts})
    if unknown:
        raise MigrationFailed(
            plugin,
            f"its tables are newer than its code (applied, but not in its folder: {', '.join(unknown)}):"
            " install the version that made them or a later one, or put back an earlier copy of the database",
        )
    for script in scripts:
        if script.name in applied and checksums.get(script.name, script.checksum) != script.checksum:
            raise MigrationFailed(
                plugin,
                f"{script.name}.sql was edited after it had been applied: put its text back,"
                " and make the change in a new file after the last one",
            )
    return [script for script in scripts if script.name not in applied]


def _applied(connection: sqlite3.Connection, plugin: str) -> dict[str, str]:
    """Applied files of a plugin -> when."""
    rows = connection.execute("SELECT migration_id, applied_at_utc FROM _yoyo_migration")
    parts = ((*row[0].rpartition(".")[::2], row[1]) for row in rows)
    return {name: at for owner, name, at in parts if owner == plugin}


def _checksums(connection: sqlite3.Connection, plugin: str) -> dict[str, str]:
    rows = connection.execute("SELECT id, checksum FROM host_migration_files WHERE plugin = ?", (plugin,))
    return {row[0]: row[1] for row in rows}


def _copy(
    location: Location, plugin: str, owned: Owned, pending: list[Script], connection: sqlite3.Connection
) -> Path | None:
    """Copy the database if a pending file changes a table that is there and holds rows."""
    present = tables_of(connection)
    for script in pending:
        for table in sorted(owned.changes.get(script.name, frozenset()) & present):
            if connection.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone():
                copy = copy_before(location, plugin, pending[0].name)
                log.info("copied the database before a migration: plugin=%s copy=%s", plugin, copy)
                return copy
    return None


def _keep_owners(connection: sqlite3.Connection, plugin: str, owned: Owned) -> None:
    """Write down whose tables these are, if that has changed."""
    rows = connection.execute("SELECT name FROM host_tables WHERE plugin = ?", (plugin,))
    if {row[0] for row in rows} == set(owned.tables):
        return
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("DELETE FROM host_tables WHERE plugin = ?", (plugin,))
    connection.executemany(
        "INSERT INTO host_tables (name, plugin) VALUES (?, ?)", [(name, plugin) for name in owned.tables]
    )
    connection.execute("COMMIT")


def read_owners(location: Location) -> Owners:
    """Which table is whose, plugins that are switched off included; tables of bookkeeping are the host's."""
    with contextlib.closing(open_reader(location)) as connection:
        rows = connection.execute("SELECT name, plugin FROM host_tables").fetchall()
    return Owners(dict.fromkeys(BOOKKEEPING, HOST) | {row[0]: row[1] for row in rows})


def _looking(location: Location) -> sqlite3.Connection:
    try:
        return open_reader(location)
    except sqlite3.DatabaseError as error:
        raise refuse(error, location.path, "reading it") from error


def status(location: Location, items: Iterable[PluginMigrations]) -> list[FileState]:
    """What is applied, pending, edited or unknown, by plugin and file. Only reads; the host may run."""
    with contextlib.closing(_looking(location)) as connection:
        made = {"_yoyo_migration", "host_migration_files"} <= tables_of(connection)
        states: list[FileState] = []
        for item in items:
            scripts = {script.name: script for script in read_scripts(item)}
            applied = _applied(connection, item.plugin) if made else {}
            checksums = _checksums(connection, item.plugin) if made else {}
            states += [
                FileState(item.plugin, name, _state(scripts, applied, checksums, name), applied.get(name))
                for name in sorted(scripts.keys() | applied.keys())
            ]
        return states


def _state(scripts: dict[str, Script], applied: dict[str, str], checksums: dict[str, str], name: str) -> str:
    if name not in scripts:
        return "unknown"
    if name not in applied:
        return "pending"
    same = checksums.get(name, scripts[name].checksum) == scripts[name].checksum
    return "applied" if same else "edited"
