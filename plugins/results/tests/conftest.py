"""The plugin's tables in a real file, and its projections fed by hand: for what needs no broker."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import kanade_host_results
import pytest
from kanade_host_results.messages import EventStarted, ExecResult
from kanade_host_results.results import apply_results
from kanade_host_results.started import apply_started

from kanade_host.plugin import Decoder, Instant, Message, Meta, encode

MIGRATIONS = Path(kanade_host_results.__file__).parent / "migrations" / "sqlite"
RES: dict[str, Any] = {
    "result_id": "R1",
    "request_id": "q1",
    "pc_id": "pc1",
    "exit_code": 0,
    "stdout": "",
    "stderr": "",
    "started_at": "2026-11-23T10:00:00Z",
    "finished_at": "2026-11-23T10:00:01Z",
}
EVT: dict[str, Any] = {
    "result_id": "R1",
    "request_id": "q1",
    "exec_id": "X1",
    "pc_id": "pc1",
    "manifest_id": "inv-hw",
    "version": "1.2.0",
    "started_at": "2026-11-23T10:00:00Z",
}


def _changed(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in (base | changes).items() if value is not ...}


def res_(**changes: Any) -> dict[str, Any]:
    """RES of the contract with overrides; `...` leaves a key out."""
    return _changed(RES, changes)


def evt_(**changes: Any) -> dict[str, Any]:
    """EVT of the contract with overrides; `...` leaves a key out."""
    return _changed(EVT, changes)


@pytest.fixture
def res() -> Any:
    return res_


@pytest.fixture
def evt() -> Any:
    return evt_


class File:
    """A `Tx` over a file of its own. `sent` is what would be in the outbox."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        for script in sorted(MIGRATIONS.glob("*.sql")):
            self.db.executescript(script.read_text())
        self.sent: dict[str, str] = {}
        self.topics: dict[str, set[str]] = {}
        self.sequence = 0

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> sqlite3.Cursor:
        return self.db.execute(sql, parameters)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> sqlite3.Cursor:
        return self.db.executemany(sql, rows)

    def changed(self, topic: str, *keys: str) -> None:
        self.topics.setdefault(topic, set()).update(keys)

    def send(
        self, subject: str, body: bytes, *, id: str, due: Instant | None = None, core: bool = False
    ) -> None:
        self.sent.setdefault(id, subject)

    def withdraw(self, id_prefix: str) -> int:
        found = [id for id in self.sent if id.startswith(id_prefix)]
        for id in found:
            del self.sent[id]
        return len(found)

    def after_commit(self, call: Any) -> None:
        call()

    def hold(self, id_prefix: str) -> None: ...

    def unhold(self, id_prefix: str) -> None: ...

    def one(self, sql: str, *parameters: Any) -> dict[str, Any]:
        rows = self.db.execute(sql, parameters).fetchall()
        assert len(rows) == 1, [dict(row) for row in rows]
        return dict(rows[0])

    def _feed(self, kind: type, apply: Any, bodies: Sequence[dict[str, Any]]) -> None:
        decoder: Decoder[Any] = Decoder(kind)
        batch = []
        for body in bodies:
            self.sequence += 1
            at = Instant.from_ns(1_764_000_000_000_000_000 + self.sequence * 1_000_000_000)
            batch.append(Message(decoder.decode(encode(body)), Meta("x", self.sequence, at)))
        self.db.execute("BEGIN")
        apply(self, batch)
        self.db.execute("COMMIT")

    def results(self, *bodies: dict[str, Any]) -> None:
        """One batch of results."""
        self._feed(ExecResult, apply_results, bodies)

    def started(self, *bodies: dict[str, Any]) -> None:
        """One batch of started events."""
        self._feed(EventStarted, apply_started, bodies)

    def row(self, result_id: str = "R1") -> dict[str, Any]:
        return self.one("SELECT * FROM execution_results WHERE result_id = ?", result_id)

    def counters(self, exec_id: str) -> tuple[int, int, str]:
        row = self.one(
            "SELECT success_count, failure_count, status FROM executions WHERE exec_id = ?", exec_id
        )
        return row["success_count"], row["failure_count"], row["status"]

    def execution(self, exec_id: str, target_count: int, status: str = "pending") -> None:
        """A row as upstream makes it."""
        self.db.execute(
            "INSERT INTO executions (exec_id, job_id, version, initiated_by, target_count, status)"
            " VALUES (?, 'echo', '1.0.0', 'operator', ?, ?)",
            (exec_id, target_count, status),
        )


@pytest.fixture
def file(tmp_path: Path) -> Iterator[File]:
    """An empty database with this plugin's tables."""
    made = File(tmp_path / "results.db")
    yield made
    made.db.close()
