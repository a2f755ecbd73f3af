"""The tables of the plugin `perf` in memory, filled as the plugin fills them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import kanade_host_perf
from kanade_host_perf.messages import HostPerf
from kanade_host_perf.samples import apply_hosts

from kanade_host.plugin import Instant, Message, Meta

MIGRATIONS = Path(kanade_host_perf.__file__).parent / "migrations" / "sqlite"
RECEIVED = Instant.parse("2026-11-23T10:00:00Z")


class PerfTables:
    """A `Tx` over tables in memory."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        for script in sorted(MIGRATIONS.glob("*.sql")):
            self.db.executescript(script.read_text())

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> sqlite3.Cursor:
        return self.db.execute(sql, parameters)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> sqlite3.Cursor:
        return self.db.executemany(sql, rows)

    def changed(self, topic: str, *keys: str) -> None: ...

    def feed(self, samples: Sequence[HostPerf]) -> None:
        if samples:
            apply_hosts(self, [Message(one, Meta("x", 0, RECEIVED)) for one in samples])  # type: ignore[arg-type]
