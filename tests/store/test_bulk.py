"""How the writer's connection is set: for bulk work while somebody says so, else for little at a time."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading

import pytest

from kanade_host.store import tuning
from kanade_host.store import writer as writer_module
from kanade_host.store.checkpoint import wal_size
from kanade_host.store.tuning import BULK, CALM, Settings, Tuning
from kanade_host.store.tx import Transaction
from kanade_host.store.writer import Writer


@pytest.fixture
def given_back(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    calls: list[bool] = []
    monkeypatch.setattr(tuning, "give_back", lambda: calls.append(True))
    return calls


@pytest.fixture
def never_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is copied at the end of bulk work, or not at all."""
    monkeypatch.setattr(writer_module, "IDLE_SECONDS", 3600.0)


async def settings(writer: Writer) -> Settings:
    def read(tx: Transaction) -> Settings:
        found = [tx.execute(f"PRAGMA {name}").fetchone()[0] for name in ("cache_size", "wal_autocheckpoint")]
        return Settings(-found[0], found[1])

    return await writer.run("host", read)


async def calm(writer: Writer) -> None:
    async with asyncio.timeout(60):
        while writer._tuning.bulk:
            await asyncio.sleep(0.005)


async def test_it_is_set_for_bulk_work_while_somebody_says_so(writer: Writer, given_back: list[bool]) -> None:
    assert await settings(writer) == CALM
    with writer.bulk():
        with writer.bulk():
            assert await settings(writer) == BULK
        assert await settings(writer) == BULK
        assert given_back == []
    await calm(writer)
    assert await settings(writer) == CALM
    assert given_back == [True]


async def test_who_only_says_so_changes_nothing(writer: Writer, given_back: list[bool]) -> None:
    with writer.bulk():
        pass
    assert await settings(writer) == CALM
    assert given_back == []


async def test_an_error_ends_it_as_well(writer: Writer, given_back: list[bool]) -> None:
    with contextlib.suppress(ValueError), writer.bulk():
        assert await settings(writer) == BULK
        raise ValueError
    await calm(writer)
    assert given_back == [True]


async def test_the_log_is_copied_at_its_end(
    writer: Writer, never_idle: None, given_back: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a commit long after it would do so, and keep others waiting."""
    copied: list[int] = []

    def checkpoint(connection: sqlite3.Connection, path: object) -> None:
        copied.append(connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[2])

    monkeypatch.setattr(writer_module, "checkpoint", checkpoint)
    with writer.bulk():
        await writer.run("p", lambda tx: tx.execute("INSERT INTO things VALUES ('a', zeroblob(1000000))"))
        await asyncio.sleep(2 * writer_module.CALM_SECONDS)
        assert copied == []
    await writer.run("p", lambda tx: tx.execute("INSERT INTO things VALUES ('b', 1)"))
    await calm(writer)
    assert copied[0] >= wal_size(writer.location.path) // (8192 + 24) > 100


async def test_a_backlog_that_pauses_stays_one(
    writer: Writer, given_back: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "IDLE_SECONDS", 0.01)
    with writer.bulk():
        await settings(writer)
        await asyncio.sleep(0.1)
        assert await settings(writer) == BULK
        assert given_back == []


@pytest.mark.parametrize(
    ("at_last", "expected"), [(0.0, CALM), (3600.0, BULK)], ids=["in time", "not before its time"]
)
async def test_a_trickle_that_never_pauses_holds_it_off_for_a_while_only(
    writer: Writer, never_idle: None, monkeypatch: pytest.MonkeyPatch, at_last: float, expected: Settings
) -> None:
    await settings(writer)  # or it still waits out the second in which the file was opened
    copied: list[bool] = []
    monkeypatch.setattr(writer_module, "CALM_SECONDS", 3600.0)  # as if each pause were too short
    monkeypatch.setattr(writer_module, "CALM_AT_LAST_SECONDS", at_last)
    monkeypatch.setattr(writer_module, "checkpoint", lambda connection, path: copied.append(True))
    with writer.bulk():
        assert [await settings(writer) for _ in range(3)] == [BULK] * 3
        assert copied == []
    await settings(writer)  # waiting for this one may have begun before bulk work ended
    assert [await settings(writer) for _ in range(3)] == [expected] * 3
    assert copied == [True] * (expected == CALM)


async def test_it_does_not_wait_out_the_long_pause_when_nobody_writes_any_more(
    writer: Writer, never_idle: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, patience = threading.Event(), writer._patience

    def asked() -> float:
        waits.set()
        return patience()

    monkeypatch.setattr(writer, "_patience", asked)
    with writer.bulk():
        await settings(writer)
        assert await asyncio.to_thread(waits.wait, 60)
    await calm(writer)


def test_a_connection_that_is_closed_is_no_error(given_back: list[bool]) -> None:
    connection = sqlite3.connect(":memory:")
    tuned = Tuning(connection)
    connection.close()
    tuned.set_bulk()
    tuned.set_calm()
