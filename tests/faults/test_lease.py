"""One active host: two that find the lease free, a copy of the database, and one that has lost it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import counting
import msgspec
import pytest

from kanade_host.loading.lease import Holder, Lease
from kanade_host.plugin.errors import BrokerUnavailable
from kanade_host.plugin.testing.clock import MovableClock
from kanade_host.plugin.testing.inprocess import InProcess
from kanade_host.plugin.testing.options import Options

FILE = Path(counting.__file__)
pytestmark = [pytest.mark.kanade(files=[FILE]), pytest.mark.timeout(90)]


async def test_of_two_that_find_it_free_one_gets_it(host: Any) -> None:
    bus = host.running.app.broker.bus
    await bus.kv("kanade_host").put("active", b"")
    works = [asyncio.create_task(Lease(bus, f"database-{n}").acquire()) for n in range(4)]
    await asyncio.sleep(0.6)
    assert sum(work.done() for work in works) == 1
    for work in works:
        work.cancel()
    await asyncio.gather(*works, return_exceptions=True)


async def test_a_host_on_a_copy_of_the_database_waits(host: Any, tmp_path: Path) -> None:
    """It has the same history, but the first one may well be alive."""
    folder = tmp_path / "second"
    folder.mkdir()
    await host.stop()
    shutil.copy(host.database, folder / "backend.db")
    await host.start()
    options = Options(
        folder=str(folder), broker_url=host.broker.url, broker_token=host.broker.token, files=(str(FILE),)
    )
    second = InProcess(options, MovableClock())
    starting = asyncio.create_task(second.start())
    try:

        async def waits() -> bool:
            lease = getattr(getattr(second, "app", None), "lease", None)
            return lease is not None and lease.other is not None

        await host.until(waits, what="the second host to find the first one")
        assert not starting.done()
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await second.stop()


async def test_who_has_lost_it_sends_and_takes_nothing_more(host: Any) -> None:
    other = Holder("other", "other database", "other-host", 1)
    await (await host.kv("kanade_host")).put("active", msgspec.json.encode(other))
    app = host.running.app
    assert await asyncio.wait_for(app.wait(), 20) == 1

    async def silent() -> bool:
        return not app.broker.bus.connected

    await host.until(silent, what="the connection to be closed")
    with pytest.raises(BrokerUnavailable):
        await app.broker.bus.publish("audit.test", b"late")


async def test_a_broker_that_fails_while_the_lease_is_looked_at_ends_nothing(
    host: Any, monkeypatch: Any
) -> None:
    app = host.running.app
    look, failed = Lease._holder, asyncio.Event()

    async def fail_once(self: Lease) -> Any:
        if not failed.is_set():
            failed.set()
            raise BrokerUnavailable("away at this very moment")
        return await look(self)

    monkeypatch.setattr(Lease, "_holder", fail_once)
    app.lease._revision += 100  # as after a write of ours whose answer was lost
    app.lease.look()
    await asyncio.wait_for(failed.wait(), 30)
    app.lease.look()
    await host.publish("obs.pc-1", {"id": "one"})
    await host.settle()

    async def kept() -> bool:
        entry = await app.broker.bus.kv("kanade_host").get("active")
        return bool(entry is not None and entry.revision == app.lease._revision)

    await host.until(kept, what="the lease to be ours again")
    assert not app._ending.done()
