"""The writer's page cache: large while a backlog is read, small otherwise.

At depth each row touches pages of indexes on random keys, so a backlog is read much faster with a large
cache (`docs/decisions/one-writer.md`). Afterwards most of it would lie there for nothing: what a fleet says
at its own pace needs the pages of its last minutes.
"""

from __future__ import annotations

import contextlib
import sqlite3

from kanade_host.platform.memory import give_back
from kanade_host.store.connections import WRITER_CACHE_KIB

SMALL_KIB = 16 * 1024
LOOK_SECONDS = 1.0
BUSY = 0.5
"""The share of its time that the writer works, from which on it has a backlog."""
CALM_SECONDS = 10.0


class PageCache:
    """Sets `cache_size` of one connection. Used on the writer's thread."""

    def __init__(self, connection: sqlite3.Connection, now: float, busy_seconds: float) -> None:
        self._connection = connection
        self._looked_at = self._busy_at = now
        self._busy_seconds = busy_seconds
        self._kib = 0
        self._set(SMALL_KIB)

    def look(self, now: float, busy_seconds: float) -> None:
        """After each transaction. `busy_seconds`: how long the writer has worked in all."""
        passed = now - self._looked_at
        if passed < LOOK_SECONDS:
            return
        share = (busy_seconds - self._busy_seconds) / passed
        self._looked_at, self._busy_seconds = now, busy_seconds
        if share > BUSY:
            self._busy_at = now
            self._set(WRITER_CACHE_KIB)
        elif now - self._busy_at >= CALM_SECONDS:
            self.rest()

    def rest(self) -> None:
        """Nothing is to be done: what the cache held goes back to the system."""
        if self._kib > SMALL_KIB:
            self._set(SMALL_KIB)
            give_back()

    def _set(self, kib: int) -> None:
        if kib != self._kib:
            with contextlib.suppress(sqlite3.Error):  # of a connection that could not be opened again
                self._connection.execute(f"PRAGMA cache_size = -{kib}")
            self._kib = kib
