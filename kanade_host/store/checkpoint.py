"""Moves the write-ahead log into the database when nobody waits, so that commits need not do it."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from kanade_host.store.connections import BUSY_SECONDS, WAL_KEPT_BYTES

_TRUNCATE_WAITS_MS = 50


def wal_size(path: Path) -> int:
    """Bytes in the write-ahead log; 0 when there is none."""
    try:
        return path.with_name(path.name + "-wal").stat().st_size
    except OSError:
        return 0


def checkpoint(connection: sqlite3.Connection, path: Path) -> None:
    """Copy what readers allow; cut the log when it has grown large and no reader stands in it.

    Failing is harmless: the next one copies the same pages, and a full disk shows at the next commit.
    """
    with contextlib.suppress(sqlite3.Error):
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        if wal_size(path) > WAL_KEPT_BYTES:
            connection.execute(f"PRAGMA busy_timeout = {_TRUNCATE_WAITS_MS}")
            try:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
