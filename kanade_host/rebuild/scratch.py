"""The scratch file of a rebuild: a database of its own with the plugin's tables, beside the live one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kanade_host.loading.collect import Loaded
from kanade_host.loading.migrating import allow_dynamic
from kanade_host.parts import Store
from kanade_host.plugin.rebuild import Reach, Step
from kanade_host.store.connections import open_reader
from kanade_host.store.copies import escaped
from kanade_host.store.database import Database
from kanade_host.store.location import Location
from kanade_host.store.migrate import read_owners
from kanade_host.store.ownership import inspect_one
from kanade_host.store.scripts import PluginMigrations

LIVE = "live"
STEP_SECONDS = 3600.0
_INFIX = ".rebuild-"


@dataclass(frozen=True, slots=True)
class Tables:
    """Whose rows are replaced, which stay as they are, and which the plugin made at run time."""

    replaced: tuple[str, ...]
    kept: tuple[str, ...]
    dynamic: tuple[str, ...]


def tables_of(loaded: Loaded, live: Store) -> Tables:
    """What a rebuild of that plugin is about. Blocking."""
    migrations = loaded.migrations
    if migrations is None:
        return Tables((), (), ())
    foreign = loaded.state.manifest.foreign
    owned = inspect_one(PluginMigrations(loaded.name, migrations.folder, migrations.kept, foreign))
    kept = {name.lower() for name in migrations.kept}
    known = live.writer.owners
    with contextlib.closing(open_reader(live.writer.location)) as connection:
        present = [
            row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
    dynamic = [name for name in present if name not in known and known.may_write(loaded.name, name)]
    return Tables(
        tuple(name for name in owned.tables if name.lower() not in kept),
        tuple(name for name in owned.tables if name.lower() in kept),
        tuple(dynamic),
    )


def remove_leftovers(database: Path) -> None:
    """Scratch files that a crash has left. Only the process that has the database's lock may do it."""
    for path in database.parent.glob(f"{escaped(database.name)}{_INFIX}*"):
        with contextlib.suppress(OSError):
            path.unlink()


class Scratch:
    """Open from `open` to `close`, which removes it."""

    def __init__(self, store: Store, live: Location, plugin: str, tables: Tables) -> None:
        self.store, self._live, self._plugin, self.tables = store, live, plugin, tables

    @property
    def location(self) -> Location:
        return self.store.writer.location

    @classmethod
    async def open(
        cls, loaded: Loaded, live: Store, tables: Tables, *, on_stuck: Callable[[str], None]
    ) -> Scratch:
        """Make the file and the tables in it. Raises `DatabaseRefused`, `MigrationFailed`.

        Cancelled, it leaves neither the file nor anything open.
        """
        path = live.writer.location.path
        location = Location(path.with_name(f"{path.name}{_INFIX}{loaded.name}"), scratch=True)
        database = await _made(location, loaded)
        try:
            owners = await asyncio.to_thread(read_owners, database.location)
            allow_dynamic(owners, loaded)
            store = await Store.open(
                database, owners, on_commit=lambda _: None, on_stuck=on_stuck, on_damage=lambda _: None
            )
        except BaseException:
            database.close()
            _remove(location.path)
            raise
        return cls(store, live.writer.location, loaded.name, tables)

    async def prepare(self, step: Step | None, reach: Reach) -> None:
        """The dynamic tables, copies of the kept ones, and what the plugin carries over."""

        def work(tx: Any) -> None:
            host = tx.acting_as("host")
            for name in self.tables.dynamic:
                copy_schema(host, LIVE, name)
            for name in self.tables.kept:
                columns = common_columns(host, LIVE, name)
                host.execute(f'DELETE FROM main."{name}"')
                host.execute(f'INSERT INTO main."{name}" ({columns}) SELECT {columns} FROM {LIVE}."{name}"')
            if step is not None:
                step(tx, reach)

        await self._run(work)

    async def complete(self, step: Step | None, reach: Reach) -> None:
        """What the plugin adds after the replay."""
        if step is not None:
            await self._run(lambda tx: step(tx, reach))

    async def _run(self, work: Callable[[Any], None]) -> None:
        await self.store.writer.run(self._plugin, work, deadline=STEP_SECONDS, attach=(LIVE, self._live))

    async def close(self) -> None:
        """Close it and remove it."""
        await self.store.close()
        await asyncio.to_thread(_remove, self.location.path)


async def _made(location: Location, loaded: Loaded) -> Database:
    """A thread cannot be cancelled: what it has made is waited for, and goes."""
    making = asyncio.ensure_future(asyncio.to_thread(_make, location, loaded))
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        await asyncio.wait({making})
        if making.exception() is None:
            making.result().close()
            _remove(location.path)
        raise


def _make(location: Location, loaded: Loaded) -> Database:
    assert loaded.migrations is not None
    _remove(location.path)
    database = Database.open(location)
    try:
        migrations = loaded.migrations
        foreign = loaded.state.manifest.foreign
        database.apply(PluginMigrations(loaded.name, migrations.folder, migrations.kept, foreign))
    except BaseException:
        database.close()
        _remove(location.path)
        raise
    return database


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm", ".lock"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def copy_schema(tx: Any, source: str, table: str) -> None:
    """Make a table of another database here, with its indexes and without its rows."""
    rows = tx.execute(
        f"SELECT sql FROM {source}.sqlite_master WHERE tbl_name = ? COLLATE NOCASE"
        " AND sql IS NOT NULL ORDER BY type = 'table' DESC",
        (table,),
    ).fetchall()
    for row in rows:
        tx.execute(row[0])


def columns_of(tx: Any, schema: str, table: str) -> list[str]:
    """The columns of a table, in order; none when it is not there."""
    rows: Sequence[Any] = tx.execute("SELECT name FROM pragma_table_info(?, ?)", (table, schema)).fetchall()
    return [row[0] for row in rows]


def common_columns(tx: Any, source: str, table: str) -> str:
    """The columns that a table has in both databases, quoted, as a list in SQL."""
    there = {name.lower() for name in columns_of(tx, source, table)}
    return ", ".join(f'"{name}"' for name in columns_of(tx, "main", table) if name.lower() in there)
