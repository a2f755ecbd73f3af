"""The reading connections: fresh, shared fairly, bounded in time, closed tidily."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from kanade_host.plugin import OperatorError, StoreUnavailable
from kanade_host.plugin.errors import Overran
from kanade_host.store.location import Location
from kanade_host.store.readers import Readers
from kanade_host.store.writer import Writer

ENDLESS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) FROM c"


async def test_a_read_sees_what_was_committed_before(writer: Writer, readers: Readers) -> None:
    for number in range(50):
        await writer.run(
            "p", lambda tx, n=number: tx.execute("INSERT INTO things VALUES (?, ?)", (f"n{n}", n))
        )
        rows = await readers.query("SELECT count(*) AS number FROM things")
        assert rows[0]["number"] == number + 1


async def test_errors_of_a_statement_are_its_own(readers: Readers) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await readers.query("SELECT * FROM missing")
    with pytest.raises(sqlite3.ProgrammingError):
        await readers.query("SELECT ?", ())


async def test_a_read_that_runs_for_too_long_is_interrupted(readers: Readers) -> None:
    readers.seconds = 0.1
    results = await asyncio.gather(
        *(readers.query(ENDLESS, owner=f"o{n}") for n in range(readers.size)), return_exceptions=True
    )
    assert [type(result) for result in results] == [Overran] * readers.size
    readers.seconds = 5.0
    rows = await asyncio.gather(*(readers.query("SELECT 1") for _ in range(10)))
    assert len(rows) == 10


async def test_one_plugin_does_not_take_all_connections(readers: Readers) -> None:
    hogs = [asyncio.create_task(readers.query(ENDLESS, owner="hog")) for _ in range(10)]
    await asyncio.sleep(0.05)
    assert (await readers.query("SELECT 1", owner="other"))[0][0] == 1
    for hog in hogs:
        hog.cancel()
    await asyncio.gather(*hogs, return_exceptions=True)
    assert (await readers.query("SELECT 1", owner="hog"))[0][0] == 1


async def test_a_connection_whose_caller_has_gone_comes_back(readers: Readers) -> None:
    for _ in range(2 * readers.size):
        task = asyncio.create_task(readers.query(ENDLESS))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (await readers.query("SELECT 1"))[0][0] == 1


async def test_when_none_is_free_in_time_it_says_so(readers: Readers) -> None:
    readers.seconds = 0.1
    busy = [asyncio.create_task(readers._take(f"o{n}")) for n in range(readers.size)]
    await asyncio.gather(*busy)
    with pytest.raises(StoreUnavailable, match="no reading connection"):
        await readers.query("SELECT 1")
    for number, task in enumerate(busy):
        readers._give_back(task.result(), f"o{number}")


async def test_closing_ends_what_runs_and_leaves_no_thread(writer: Writer) -> None:
    before = threading.active_count()
    readers = Readers(writer.location)
    await readers.open()
    task = asyncio.create_task(readers.query(ENDLESS))
    await asyncio.sleep(0.05)
    await readers.close()
    with pytest.raises(StoreUnavailable, match="stopping"):
        await task
    with pytest.raises(StoreUnavailable, match="stopping"):
        await readers.query("SELECT 1")
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            thread.join(30)
    assert threading.active_count() == before


async def test_a_file_that_is_not_there_is_the_operators_business(tmp_path: Path) -> None:
    readers = Readers(Location(tmp_path / "none.db"))
    with pytest.raises(OperatorError, match=r"none\.db cannot be opened"):
        await readers.open()


@pytest.mark.parametrize("opened", [0, 1, 3])
async def test_an_opening_that_is_cancelled_leaves_no_connection(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, opened: int
) -> None:
    """A connection that nobody closes keeps its thread, and with it the process."""
    before = set(threading.enumerate())
    waits = asyncio.Event()
    authorize = aiosqlite.Connection.set_authorizer
    calls = 0

    async def held(connection: aiosqlite.Connection, authorizer: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > opened:
            waits.set()
            await asyncio.Event().wait()
        await authorize(connection, authorizer)

    monkeypatch.setattr(aiosqlite.Connection, "set_authorizer", held)
    readers = Readers(writer.location, size=4)
    opening = asyncio.create_task(readers.open())
    await waits.wait()
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    left = [one for one in set(threading.enumerate()) - before if "connection_worker" in one.name]
    for thread in left:
        await asyncio.to_thread(thread.join, 30)
        assert not thread.is_alive()
