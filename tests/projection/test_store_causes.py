"""The database is full: nothing is acknowledged, nothing is set aside, nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import counting
import pytest

FILE = Path(counting.__file__)
pytestmark = [pytest.mark.kanade(files=[FILE]), pytest.mark.timeout(120)]


async def publish(host: Any, *ids: str, **fields: Any) -> None:
    for one in ids:
        await host.publish("obs.pc-1", {"id": one, **fields})


async def counted(host: Any) -> dict[str, int]:
    return {row["id"]: row["times"] for row in await host.rows("SELECT id, times FROM counted")}


async def test_a_disk_that_is_full_and_free_again(host: Any) -> None:
    """SQLite's own page limit gives the same error as the disk."""
    writer = host.running.app.store.writer
    ids = [f"m{number}" for number in range(400)]
    await publish(host, *ids[:10])
    await host.settle()
    [pages] = (await host.rows("PRAGMA page_count"))[0]
    connection = writer._connection

    def limit(count: int) -> None:
        # Outside of a transaction, and as the host: the writer thread is idle.
        connection.set_authorizer(None)
        connection.execute(f"PRAGMA max_page_count = {count}")
        connection.set_authorizer(writer._guard)

    await _on_writer_thread(writer, lambda: limit(pages))
    await publish(host, *ids[10:], pad="x" * 200)
    runner = host.running.app.feeds.runners["counting.counted"]

    async def waits() -> bool:
        return runner.status.state == "waiting" and "full" in runner.status.reason

    await host.until(waits, what="the projection to wait for the disk")
    await _on_writer_thread(writer, lambda: limit(1_000_000))
    await host.settle()
    assert await counted(host) == dict.fromkeys(ids, 1)
    assert not await host.dead_letters()


async def _on_writer_thread(writer: Any, call: Any) -> None:
    """Between two transactions: SQLite's limits can be set on the connection's own thread only."""
    done = asyncio.get_running_loop().create_future()
    original = writer._in_place

    def once(now: float) -> None:
        writer._in_place = original
        call()
        writer._tell(done.set_result, None)
        original(now)

    writer._in_place = once
    with contextlib.suppress(Exception):
        await writer.run("host", lambda tx: None)
    await asyncio.wait_for(done, 30)
