"""`projection rebuild` against a running host: done, cancelled with Ctrl-C, asked first, refused."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import sqlite3
import sys
from collections.abc import Iterator
from typing import Any

import nats
import pytest
from click.testing import CliRunner

from kanade_host.cli import rebuild
from kanade_host.cli.rebuild import rebuild_command
from kanade_host.cli.running import RunFile, Wish

Installation = Any
pytestmark = pytest.mark.timeout(120)
EVENTS = 300
PLUGIN = """
from pathlib import Path
import msgspec
from kanade_host.plugin import Migrations, Projection, hookimpl

class Row(msgspec.Struct):
    id: str

def apply(tx, batch):
    tx.executemany("INSERT INTO asking_rows VALUES (?)", [(message.body.id,) for message in batch])

@hookimpl
def kanade_migrations():
    return Migrations(Path(__file__).parent / "sql")

@hookimpl
def kanade_subscriptions(settings):
    return [Projection("asking.rows", "OBS_EVENTS", "asking_rows", Row, apply)]
"""


@pytest.fixture
def serving(installation: Installation) -> Iterator[Installation]:
    """A host of its own process with events in its database."""
    installation.write('only = ["obs"]')
    host = installation.start()
    installation.until(lambda: _running(installation).projections)
    asyncio.run(_publish(installation, EVENTS))
    installation.until(lambda: _count(installation) == EVENTS)
    yield installation
    installation.stop(host)


def _running(installation: Installation) -> Any:
    found = RunFile(installation.folder).read()
    assert found is not None
    return found


async def _publish(installation: Installation, count: int, *, purged_to: int = 0) -> None:
    token = next(installation.folder.rglob("*token*")).read_text().strip()
    nc = await nats.connect(_running(installation).nats_url, token=token)
    for number in range(count):
        event = {"pc_id": "pc-1", "at": "2026-11-23T10:00:00Z", "kind": "logon", "source": "win"}
        body = event | {"id": str(number), "event_record_id": str(number), "payload": {"text": "x" * 1000}}
        await nc.jetstream().publish("obs.pc-1", json.dumps(body).encode())
    if purged_to:
        await _until_projected(installation, count)
        await nc.jetstream().purge_stream("OBS_EVENTS", seq=purged_to)
    await nc.close()


async def _until_projected(installation: Installation, count: int) -> None:
    for _ in range(500):
        if _count(installation, "asking_rows") == count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("not projected")


def _count(installation: Installation, table: str = "obs_events") -> int:
    with contextlib.closing(sqlite3.connect(installation.folder / "backend.db")) as db:
        try:
            return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        except sqlite3.OperationalError:  # not made yet
            return 0


def test_it_replays_and_says_what_it_did(serving: Installation) -> None:
    status, out, err = serving.run("projection", "rebuild", "obs")
    assert status == 0, err
    assert f"obs_events {EVENTS:>32,} rows before {EVENTS:>12,} now" in out
    assert f"done: {EVENTS} messages replayed" in out
    status, out, _ = serving.run("projection", "rebuild", "obs", "--json")
    found = json.loads(out)
    assert (status, found["state"], found["rows"]) == (0, "done", {"obs_events": [EVENTS, EVENTS]})


def test_ctrl_c_cancels_it(serving: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    follow, done = rebuild._Watched.follow, []

    def interrupted(self: Any, number: int) -> Any:
        if not done:
            done.append("interrupted")
            raise KeyboardInterrupt
        return follow(self, number)

    def cancel(self: Any) -> None:
        done.append("cancelled")
        self._wish(Wish(action="cancel-rebuild", plugin="obs"))

    monkeypatch.setattr(rebuild._Watched, "follow", interrupted)
    monkeypatch.setattr(rebuild._Watched, "cancel", cancel)
    status, out, _ = serving.run("projection", "rebuild", "obs")
    assert done == ["interrupted", "cancelled"]
    assert (status, "cancelled: everything is as it was" in out) in ((130, True), (0, False))  # or too late
    assert _count(serving) == EVENTS


def test_it_asks_before_rows_are_lost(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    (installation.folder / "asking.py").write_text(PLUGIN)
    (installation.folder / "sql").mkdir()
    (installation.folder / "sql" / "0001_rows.sql").write_text("CREATE TABLE asking_rows (id TEXT);")
    installation.write('only = ["asking"]')
    host = installation.start("serve", "--config", str(installation.config), "--plugin", "asking.py")
    installation.until(lambda: _running(installation).projections)
    asyncio.run(_publish(installation, 10, purged_to=6))
    try:
        monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
        status, out, err = installation.run("projection", "rebuild", "asking")
        assert (status, out) == (130, "")
        assert "OBS_EVENTS begins with message 6" in err
        assert _count(installation, "asking_rows") == 10
        status, out, err = installation.run("projection", "rebuild", "asking", "--yes")
        assert status == 0, err
        assert _count(installation, "asking_rows") == 5
    finally:
        installation.stop(host)


@pytest.mark.parametrize(
    ("plugin", "said"), [("nobody", "no plugin 'nobody' runs here"), ("obs_", "no plugin 'obs_'")]
)
def test_a_plugin_that_is_not_there(serving: Installation, plugin: str, said: str) -> None:
    status, out, err = serving.run("projection", "rebuild", plugin)
    assert (status, out) == (1, "")
    assert said in err


def test_without_a_host(installation: Installation) -> None:
    status, _, err = installation.run("projection", "rebuild", "obs")
    assert status == 1
    assert "no host runs on this database: start it" in err


def test_help_says_what_becomes_of_the_rows() -> None:
    text = CliRunner().invoke(rebuild_command, ["--help"]).output
    assert "its rows stay as they are until the last moment" in text
