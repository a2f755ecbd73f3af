"""How the host's own connections are opened: the settings that the design rests on, in one place."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from kanade_host.store.errors import DatabaseRefused, cause_of
from kanade_host.store.location import Location

BUSY_SECONDS = 5.0
PAGE_SIZE = 8192
AUTOCHECKPOINT_PAGES = 16_384
WAL_KEPT_BYTES = 64 * 1024 * 1024
WRITER_CACHE_KIB = 64 * 1024
READER_CACHE_KIB = 8 * 1024
CACHED_STATEMENTS = 512


def make_private(path: Path) -> bool:
    """Make an empty file that nobody else can read; False when it is there already.

    SQLite gives `-wal` and `-shm` the mode of the database, so this settles all three.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return False
    return True


def open_writer(location: Location, *, synchronous: str = "FULL") -> sqlite3.Connection:
    """The one connection that writes and checkpoints. What it commits survives a power loss with `FULL`;
    with `NORMAL` once its log was brought to the disk (`LogSync`)."""
    connection = sqlite3.connect(
        location.uri("rw"),
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        cached_statements=CACHED_STATEMENTS,
    )
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")  # acts on an empty file only
        _use_wal(connection, location.path)
        connection.execute(f"PRAGMA synchronous = {'OFF' if location.scratch else synchronous}")
        connection.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {AUTOCHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_KEPT_BYTES}")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.row_factory = sqlite3.Row
    except BaseException:
        connection.close()
        raise
    return connection


def _use_wal(connection: sqlite3.Connection, path: Path) -> None:
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise DatabaseRefused(
            f"the database {path} stays in journal mode {mode!r} and cannot be switched to a write-ahead log;"
            " it lies on a file system without shared memory (a network drive?): put it on a local disk"
        )


def open_reader(location: Location) -> sqlite3.Connection:
    """A connection that cannot write. It sees everything committed before a statement begins."""
    connection = sqlite3.connect(
        location.uri("ro"),
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        cached_statements=CACHED_STATEMENTS,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute(f"PRAGMA cache_size = -{READER_CACHE_KIB}")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.row_factory = sqlite3.Row
    except BaseException:
        connection.close()
        raise
    return connection


def refuse(error: sqlite3.Error, path: Path, doing: str) -> DatabaseRefused:
    """What an operator is told when the file cannot be opened at all."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT):
        what = (
            f"the file {path} is damaged or no SQLite database ({error}). Nothing was changed."
            " Put back an earlier copy (PATH.before-….sqlite), or keep the bad one aside with kanade-host db"
            " set-aside: a new database is then filled from the streams, except for accounts and what the"
            " streams no longer hold"
        )
    elif code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        what = (
            f"another program has the database {path} open ({error}):"
            " stop it first (kanade-backend, or a shell of SQLite with an open transaction)"
        )
    elif cause_of(error, doing) is not None:
        what = f"the database {path} cannot be opened ({error}): look at its permissions and its disk"
    else:
        what = f"the database {path} cannot be prepared ({error})"
    refused = DatabaseRefused(what)
    refused.__cause__ = error
    return refused
