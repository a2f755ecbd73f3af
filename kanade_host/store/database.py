"""The database file before anybody reads or writes: found, locked, examined, given the host's tables."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path

from kanade_host.store.connections import make_private, open_writer, refuse
from kanade_host.store.errors import DatabaseRefused
from kanade_host.store.guard import Owners
from kanade_host.store.location import Location, parse_location
from kanade_host.store.lockfile import LockFile
from kanade_host.store.migrate import Applied, apply, read_owners
from kanade_host.store.ownership import HOST_MIGRATIONS, Owned
from kanade_host.store.scripts import PluginMigrations
from kanade_host.store.upstream import examine, record_baseline


class Database:
    """A locked database file. Close it last, after `Writer` and `Readers`."""

    def __init__(self, location: Location, lock: LockFile, folder: contextlib.ExitStack) -> None:
        self.location, self._lock, self._folder = location, lock, folder

    @classmethod
    def open(cls, where: str | Location) -> Database:
        """Find or make the file, lock it, see that it is ours or kanade-backend's, make the host's tables.

        `where`: `[db] sqlite_path` as configured. Raises `DatabaseRefused`. A file of kanade-backend
        keeps every row; it is switched to a write-ahead log, which upstream reads too.
        """
        location = parse_location(where) if isinstance(where, str) else where
        with contextlib.ExitStack() as cleanup:
            if location.temporary:
                folder = cleanup.enter_context(tempfile.TemporaryDirectory(prefix="kanade-host-"))
                location = Location(Path(folder) / "kanade.db", temporary=True)
            _make(location)
            # One file, one lock and one log, whatever links lead to it and wherever we stand later.
            location = replace(location, path=location.path.resolve())
            lock = LockFile(location.path)
            lock.take()
            cleanup.callback(lock.release)
            try:
                with contextlib.closing(_plain(location)) as connection:
                    examine(connection, location.path)
                open_writer(location).close()
            except sqlite3.Error as error:
                raise refuse(error, location.path, "opening it") from error
            apply(location, HOST_MIGRATIONS)
            return cls(location, lock, cleanup.pop_all())

    def apply(self, item: PluginMigrations, owned: Owned | None = None) -> Applied:
        """Bring one plugin's tables up to date. Raises `MigrationFailed`."""
        return apply(self.location, item, owned)

    def seal(self) -> Owners:
        """After all plugins: the row by which kanade-backend takes the file back; answers who owns what."""
        try:
            with contextlib.closing(open_writer(self.location)) as connection:
                if connection.execute("SELECT made_by FROM host_commits").fetchone()[0] == "kanade_host":
                    record_baseline(connection)
            return read_owners(self.location)
        except sqlite3.Error as error:
            raise refuse(error, self.location.path, "completing it") from error

    def close(self) -> None:
        """Give the lock back; a temporary database goes."""
        self._folder.close()


def _make(location: Location) -> None:
    path = location.path
    if not location.create and not path.exists():
        raise DatabaseRefused(f"the database {path} does not exist, and mode=rw says not to make it")
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            make_private(path)
    except OSError as error:
        raise DatabaseRefused(
            f"the database {path} cannot be made ({error}): make the folder, or name another file in"
            " [db] sqlite_path"
        ) from error
    if not path.is_file():
        raise DatabaseRefused(f"the database {path} is no file: name another one in [db] sqlite_path")


def _plain(location: Location) -> sqlite3.Connection:
    """To look before anything is switched. Not read-only: that could not clean up after a crash."""
    return sqlite3.connect(location.uri("rw"), uri=True, isolation_level=None)
