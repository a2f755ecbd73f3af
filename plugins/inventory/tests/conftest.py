"""The plugin's tables in a real file, and its projection fed by hand: for what needs no broker."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import kanade_host_inventory
import pytest
from kanade_host_inventory.hints import Hint
from kanade_host_inventory.manifest import Manifest
from kanade_host_inventory.messages import Output, Scan
from kanade_host_inventory.projector import apply_scans

from kanade_host.plugin import Instant, Message, Meta, decode, encode

MIGRATION = Path(kanade_host_inventory.__file__).parent / "migrations" / "sqlite" / "0001_inventory.sql"
DISPLAY = [
    {"field": "hostname", "label": "Host"},
    {"field": "apps", "label": "Apps", "type": "table", "columns": [{"field": "name", "label": "N"}]},
]
APPS: dict[str, Any] = {
    "field": "apps",
    "table": "inv_apps",
    "primary_key": ["name", "source"],
    "track_history": True,
    "columns": [
        {"field": "source", "type": "text"},
        {"field": "name", "index": True},
        {"field": "version"},
        {"field": "size", "type": "integer"},
        {"field": "score", "type": "real"},
    ],
}
INV_SW: dict[str, Any] = {
    "display": DISPLAY,
    "summary": [{"field": "hostname", "label": "Host"}],
    "history_scalars": ["os", "ram"],
    "explode": [APPS],
}


def manifest_(inventory: dict[str, Any] | None = None, id: str = "inv-sw") -> dict[str, Any]:
    """A job; the hint is inv-sw's of the contract by default."""
    return {
        "id": id,
        "version": "1.0.0",
        "execute": {"shell": "cmd", "script": "x", "timeout": "1m"},
        "inventory": INV_SW if inventory is None else inventory,
    }


def result_(stdout: Any, **changes: Any) -> dict[str, Any]:
    """A successful result of inv-sw; `stdout` as text, or as a value to be JSON."""
    text = stdout if isinstance(stdout, str) else json.dumps(stdout)
    return {
        "result_id": "R1",
        "request_id": "q1",
        "pc_id": "pc1",
        "exit_code": 0,
        "stdout": text,
        "stderr": "",
        "started_at": "2026-11-23T10:00:00Z",
        "finished_at": "2026-11-23T10:00:01Z",
        "manifest_id": "inv-sw",
    } | changes


class Log:
    """Keeps what was logged."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def warning(self, event: str, **fields: Any) -> None:
        logging.getLogger("test").debug("%s %s", event, fields)
        self.lines.append(" ".join([event, *(f"{key}={value}" for key, value in fields.items())]))

    debug = info = error = exception = warning


class File:
    """A `Tx` over a file of its own, without the host's authorizer."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.executescript(MIGRATION.read_text())
        self.inventory: dict[str, Any] = INV_SW
        self.log = Log()
        self.topics: dict[str, set[str]] = {}
        self.scans = 0
        self.most = 20_000
        self.calls: list[Any] = []

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> sqlite3.Cursor:
        return self.db.execute(sql, parameters)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> sqlite3.Cursor:
        return self.db.executemany(sql, rows)

    def changed(self, topic: str, *keys: str) -> None:
        self.topics.setdefault(topic, set()).update(keys)

    def after_commit(self, call: Any) -> None:
        self.calls.append(call)

    def scan(self, stdout: Any, finished: str = "2026-11-23T10:00:01Z", **changes: Any) -> None:
        """One scan in a transaction of its own; every one has a result id of its own."""
        self.feed([self.message(stdout, finished, **changes)])

    def message(self, stdout: Any, finished: str = "2026-11-23T10:00:01Z", **changes: Any) -> Any:
        self.scans += 1
        text = stdout if isinstance(stdout, bytes) else result_(stdout)["stdout"].encode()
        hint = decode(Manifest, encode(manifest_(self.inventory))).inventory
        assert hint is not None
        given = {
            "pc_id": "pc1",
            "job_id": "inv-sw",
            "result_id": f"r{self.scans}",
            "finished_at": Instant.parse(finished),
            "hint": Hint.of(hint),
            "output": Output(text),
            "most": self.most,
            "log": self.log,
        }
        at = Instant.parse(changes.pop("received", "2026-11-23T12:00:00Z")) + self.scans
        return Message(Scan(**given | changes), Meta("results.q", self.scans, at))

    def feed(self, batch: Sequence[Any]) -> None:
        self.db.execute("BEGIN")
        try:
            apply_scans(self, batch)  # type: ignore[arg-type]
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")
        for call in self.calls:
            call()
        self.calls.clear()

    def rows(self, sql: str, *parameters: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in self.db.execute(sql, parameters)]

    def table(self, name: str = "inv_apps") -> list[dict[str, Any]]:
        """The rows of a derived table, without the fixed columns."""
        rows = self.rows(f'SELECT * FROM "{name}" ORDER BY rowid')
        return [
            {k: v for k, v in row.items() if k not in ("pc_id", "job_id", "collected_at")} for row in rows
        ]

    def history(self) -> list[tuple[Any, ...]]:
        """(field, kind, identity, before, after), JSON decoded."""
        rows = self.rows("SELECT * FROM inventory_history ORDER BY id")
        names = ("identity_json", "before_json", "after_json")
        return [
            (
                row["field_path"],
                row["change_kind"],
                *(None if row[name] is None else json.loads(row[name]) for name in names),
            )
            for row in rows
        ]

    def forget(self) -> None:
        """Delete the history so far, so that a test sees only what comes next."""
        self.db.execute("DELETE FROM inventory_history")

    def fact(self) -> dict[str, Any]:
        rows = self.rows("SELECT * FROM inventory_facts")
        assert len(rows) == 1, rows
        return rows[0]


@pytest.fixture
def file(tmp_path: Path) -> Iterator[File]:
    """An empty database with this plugin's tables."""
    made = File(tmp_path / "inventory.db")
    yield made
    made.db.close()


@pytest.fixture
def result() -> Any:
    return result_


@pytest.fixture
def manifest() -> Any:
    return manifest_


@pytest.fixture
def apps_spec() -> dict[str, Any]:
    return APPS
