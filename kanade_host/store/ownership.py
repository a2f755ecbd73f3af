"""Who owns what: each plugin's migrations are run in scratch, and what they create is what it owns.

Each plugin has a scratch database of its own, in memory, with the host's tables in it: migrations touch
the plugin's own tables only, so that it does not matter which other plugins are there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kanade_host.store.errors import MigrationFailed, cause_of
from kanade_host.store.guard import HOST
from kanade_host.store.recorder import Recorder
from kanade_host.store.scripts import PluginMigrations, Script, read_scripts
from kanade_host.store.upstream import BASE_TABLES
from kanade_host.store.yoyo_backend import Backend

HOST_MIGRATIONS = PluginMigrations(HOST, Path(__file__).parent / "migrations" / "sqlite")
RESERVED = ("host_", "_sqlx", "_yoyo", "yoyo_", "sqlite_")
# Tables of yoyo, of our checksums and of kanade-backend's own migrations: no plugin's.
BOOKKEEPING = frozenset(
    {"_yoyo_migration", "_yoyo_log", "_yoyo_version", "yoyo_lock", "host_migration_files", "_sqlx_migrations"}
)


@dataclass(frozen=True, slots=True)
class Owned:
    """What a plugin's migrations create. Names as written; `touched` (lower case) are all tables that
    they handle on the way, `changes` those that each file changes other than by creating them.
    """

    tables: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    touched: frozenset[str] = frozenset()
    changes: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that has a name in the schema."""
        return self.tables + self.indexes + self.triggers + self.views


Inspection = dict[str, Owned | MigrationFailed]
_known: dict[tuple[object, ...], Owned] = {}


def inspect(items: Iterable[PluginMigrations]) -> Inspection:
    """What each plugin owns, or why it cannot be migrated; in the order given, the host not included.

    Of two plugins that create the same name, the second one fails; the reason names both.
    """
    found: Inspection = {}
    taken = {name.lower(): HOST for name in host_owned().names}
    for item in items:
        try:
            owned = inspect_one(item)
            _check_names(item, owned, taken)
        except MigrationFailed as failure:
            found[item.plugin] = failure
        else:
            found[item.plugin] = owned
            taken |= {name.lower(): item.plugin for name in owned.names}
    return found


def host_owned() -> Owned:
    """The host's own tables."""
    return inspect_one(HOST_MIGRATIONS)


def inspect_one(item: PluginMigrations) -> Owned:
    """Run one plugin's files in scratch. Raises `MigrationFailed`; kept, as files do not change."""
    scripts = read_scripts(item)
    key = (item.plugin, *((script.name, script.checksum) for script in scripts))
    if key not in _known:
        _known[key] = _run(item.plugin, scripts)
    return _known[key]


def _run(plugin: str, scripts: list[Script]) -> Owned:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        hosts: set[str] = set(BOOKKEEPING)
        if plugin != HOST:
            _apply(HOST, _scratch(connection, Recorder(BOOKKEEPING)), read_scripts(HOST_MIGRATIONS))
            hosts |= {name.lower() for _, name in _schema(connection)}
        recorder = Recorder(hosts)
        backend = _scratch(connection, recorder)
        before = _schema(connection)
        changes = _apply(plugin, backend, scripts)
        return _owned(_schema(connection) - before, recorder, changes)
    finally:
        connection.close()


def _scratch(connection: sqlite3.Connection, recorder: Recorder) -> Backend:
    return Backend(connection, recorder, fault_point=lambda: None)


def _apply(plugin: str, backend: Backend, scripts: list[Script]) -> dict[str, frozenset[str]]:
    changes = {}
    backend.prepare()
    for script in scripts:
        recorder = backend.recorder
        recorder.changed = set()
        apply_script(plugin, backend, script)
        changes[script.name] = frozenset(recorder.changed)
    return changes


def apply_script(plugin: str, backend: Backend, script: Script) -> None:
    """Apply and record one file. Raises `MigrationFailed`, or the error of SQLite where it is a cause."""
    backend.recorder.refusal = ""
    try:
        backend.apply_one(script)
    except sqlite3.Error as error:
        if cause_of(error, "migrating") is not None:
            raise
        reason = backend.recorder.refusal or str(error)
        raise MigrationFailed(plugin, f"{script.name}.sql: {reason}") from error


def _schema(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    rows = connection.execute(
        "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    )
    return {(kind, name) for kind, name in rows if name not in BOOKKEEPING}


def _owned(made: set[tuple[str, str]], recorder: Recorder, changes: dict[str, frozenset[str]]) -> Owned:
    def of(kind: str) -> tuple[str, ...]:
        return tuple(sorted(name for what, name in made if what == kind))

    final = {name.lower() for kind, name in made if kind in ("table", "view")}
    touched = frozenset(recorder.created | final)
    return Owned(of("table"), of("index"), of("trigger"), of("view"), touched, changes)


def prefix_of(plugin: str) -> str:
    """How names of a plugin from outside begin."""
    return plugin.replace("-", "_").lower() + "_"


def _check_names(item: PluginMigrations, owned: Owned, taken: Mapping[str, str]) -> None:
    for name in owned.names:
        low = name.lower()
        if low in taken:
            raise MigrationFailed(
                item.plugin, f"it creates {name}, which belongs to {taken[low]}: choose another name"
            )
        if low.startswith(RESERVED) and low not in BASE_TABLES:
            raise MigrationFailed(item.plugin, f"it creates {name}: names that begin so are the host's")
        prefix = prefix_of(item.plugin)
        if item.foreign and not low.startswith(prefix):
            raise MigrationFailed(
                item.plugin, f"it creates {name}: names of a plugin from outside begin with {prefix}"
            )
    missing = [name for name in item.kept if name.lower() not in {table.lower() for table in owned.tables}]
    if missing:
        raise MigrationFailed(
            item.plugin, f"`kept` names {', '.join(missing)}, which its migrations do not create"
        )
