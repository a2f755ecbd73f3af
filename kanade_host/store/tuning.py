"""How the writer's connection is set: for bulk work, or for a fleet that speaks at its own pace.

At depth each row touches pages of indexes on random keys, so a backlog is read much faster with a large
cache and few checkpoints (`docs/decisions/one-writer.md`). Afterwards most of the cache would lie there for
nothing, and a commit that has to copy a log of 128 MiB keeps all others waiting for a tenth of a second.
"""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass

from kanade_host.platform.memory import give_back
from kanade_host.store.connections import AUTOCHECKPOINT_PAGES, WRITER_CACHE_KIB


@dataclass(frozen=True, slots=True)
class Settings:
    """Of the cache, and of the log: so many pages in it make a commit copy them into the database."""

    cache_kib: int
    checkpoint_pages: int


BULK = Settings(WRITER_CACHE_KIB, AUTOCHECKPOINT_PAGES)
CALM = Settings(16 * 1024, 4_096)


class Tuning:
    """The settings of one connection. Used on the writer's thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.bulk = False
        self._apply(CALM)

    def set_bulk(self) -> None:
        """Much is about to be written."""
        if not self.bulk:
            self.bulk = True
            self._apply(BULK)

    def set_calm(self) -> None:
        """No more of it: what the cache held goes back to the system."""
        if self.bulk:
            self.bulk = False
            self._apply(CALM)
            give_back()

    def _apply(self, settings: Settings) -> None:
        with contextlib.suppress(sqlite3.Error):  # of a connection that could not be opened again
            self._connection.execute(f"PRAGMA cache_size = -{settings.cache_kib}")
            self._connection.execute(f"PRAGMA wal_autocheckpoint = {settings.checkpoint_pages}")
