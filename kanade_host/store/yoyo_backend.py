"""yoyo on our own connection: no shared cache, no process-wide adapters, one transaction per migration.

yoyo's own SQLite back end opens with `cache=shared`, changes the adapters of the sqlite3 module for the
whole process, and records a migration in another transaction than the one that applied it, so that a
kill in between leaves a migration that is applied and not recorded. Everything else is yoyo's: its
tables, its steps, its order.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from yoyo.backends.base import DatabaseBackend
from yoyo.connections import DatabaseURI

from kanade_host.faults import fault
from kanade_host.platform.processes import start_of
from kanade_host.store.recorder import Recorder
from kanade_host.store.scripts import Script

LOCK_SECONDS = 10.0
_FILES = (
    "CREATE TABLE IF NOT EXISTS host_migration_files (plugin TEXT NOT NULL, id TEXT NOT NULL,"
    " checksum TEXT NOT NULL, PRIMARY KEY (plugin, id))"
)


class LockedByYoyo(Exception):
    """Another process that runs has yoyo's lock. `pid` names it."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"process {pid} holds yoyo's lock on this database")
        self.pid = pid


class _StepCursor(sqlite3.Cursor):
    """The cursor that a migration's statements run on."""

    description = None  # else yoyo would print the rows of a SELECT to standard output
    recorder: Recorder

    def execute(self, sql: str, parameters: Any = (), /) -> _StepCursor:
        self.recorder.active = True
        try:
            return super().execute(sql, parameters)
        finally:
            self.recorder.active = False


class Backend(DatabaseBackend):  # type: ignore[misc]
    """A yoyo back end on a connection that somebody else opened and closes."""

    driver_module = "sqlite3"
    list_tables_sql = "SELECT name FROM sqlite_master WHERE type = 'table'"
    _driver = sqlite3

    def __init__(
        self,
        connection: sqlite3.Connection,
        recorder: Recorder,
        *,
        fault_point: Callable[[], None] = partial(fault, "migration"),  # noqa: B008 - made once on purpose
    ) -> None:
        self._given, self.recorder, self._fault_point = connection, recorder, fault_point
        connection.set_authorizer(recorder)
        uri = DatabaseURI("sqlite", None, None, None, None, ":given:", {})
        super().__init__(uri, "_yoyo_migration")
        self.has_transactional_ddl = True

    def connect(self, dburi: DatabaseURI) -> sqlite3.Connection:
        """The given connection, whatever the address."""
        return self._given

    def begin(self) -> None:
        """A transaction that writes from its first statement, so that it cannot come second."""
        self._in_transaction = True
        self.execute("BEGIN IMMEDIATE")

    def cursor(self) -> sqlite3.Cursor:
        """For the statements of migrations (`execute` is for yoyo's own)."""
        cursor = self._given.cursor(_StepCursor)
        cursor.recorder = self.recorder
        return cursor

    def execute(self, sql: str, params: Mapping[str, Any] | None = None) -> sqlite3.Cursor:
        """One of yoyo's own statements. Times go in as text, so that no adapter is needed."""
        texts = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in (params or {}).items()
        }
        return self._given.execute(sql, texts)

    def prepare(self) -> None:
        """Make or upgrade the bookkeeping tables."""
        self.ensure_internal_schema_updated()
        with self.transaction():
            self.execute(_FILES)

    def apply_one(self, migration: Script, force: bool = False, mark: bool = True) -> None:
        """Apply a migration and record it, in one transaction: killed anywhere, it is both or neither."""
        plugin = migration.id.rpartition(".")[0]
        with self.transaction():
            migration.process_steps(self, "apply", force=force)
            self.log_migration(migration, "apply")
            if mark:
                self.mark_one(migration, log=False)
            self.execute(
                "INSERT OR REPLACE INTO host_migration_files (plugin, id, checksum)"
                " VALUES (:plugin, :id, :checksum)",
                {"plugin": plugin, "id": migration.name, "checksum": migration.checksum},
            )
            self._fault_point()

    def get_log_data(self, migration: Script | None = None, operation: str = "apply") -> dict[str, Any]:
        """As yoyo's, without asking the name service for this host or the system for a user's name."""
        return {
            "id": str(uuid.uuid4()),
            "migration_id": migration.id if migration else None,
            "migration_hash": migration.hash if migration else None,
            "username": "kanade-host",
            "hostname": None,
            "created_at_utc": datetime.now(UTC).replace(tzinfo=None),
            "operation": operation,
        }

    @contextlib.contextmanager
    def lock(self, timeout: float | None = None) -> Iterator[None]:
        """Wait for a foreign `yoyo` that runs; break the lock of one that has died.

        We take no such lock: the lock file of the database keeps a second host out, and each migration
        is one immediate transaction.
        """
        ends = time.monotonic() + (LOCK_SECONDS if timeout is None else timeout)
        while (pid := self._lock_holder()) is not None:
            if not process_runs(pid):
                self.break_lock()
            elif time.monotonic() > ends:
                raise LockedByYoyo(pid)
            else:
                time.sleep(0.1)
        yield

    def _lock_holder(self) -> int | None:
        if self.lock_table not in self.list_tables():
            return None
        row = self.execute(f"SELECT pid FROM {self.lock_table}").fetchone()
        return None if row is None else int(row[0])


def process_runs(pid: int) -> bool:
    """Is there another process of that number? (Ours is no other: numbers are used again.)"""
    return pid != os.getpid() and pid > 0 and start_of(pid) is not None
