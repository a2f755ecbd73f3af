"""How a host ends: by a signal, with its broker away, and what a second host does meanwhile."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

import counting
import pytest

from kanade_host.plugin.testing.clock import MovableClock
from kanade_host.plugin.testing.inprocess import InProcess
from kanade_host.plugin.testing.options import Options

FILE = Path(counting.__file__)
pytestmark = [pytest.mark.timeout(90)]


@pytest.mark.kanade(files=[FILE], process=True)
@pytest.mark.parametrize("how", ["there", "away", "frozen"])
async def test_sigterm_ends_it_tidily(host: Any, how: str) -> None:
    for number in range(50):
        await host.publish("obs.pc-1", {"id": f"m{number}"})
    if how == "away":
        await host.broker.kill()
    elif how == "frozen":
        host.broker.freeze()
    try:
        host.running._process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(host.running._process.wait(), 12) == 0
    finally:
        if how == "frozen":
            host.broker.thaw()
    assert "stopped" in host.running.log.read_text()
    if how == "away":
        await host.broker.start()
    await host.start()
    await host.settle()
    rows = await host.rows("SELECT times FROM counted")
    assert [row["times"] for row in rows] == [1] * 50


@pytest.mark.kanade(files=[FILE], process=True)
async def test_sigterm_before_the_start_is_complete(host: Any) -> None:
    await host.stop()
    await host.broker.stop()
    host.running.log.unlink()  # of the start before
    await host.running.start(ready=False)

    async def waits_for_the_broker() -> bool:
        return "cannot connect to the broker" in host.running.log.read_text()

    await host.until(waits_for_the_broker, seconds=30, what="the host to wait for its broker")
    host.running._process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(host.running._process.wait(), 12) == 0
    await host.broker.start()


@pytest.mark.kanade(files=[FILE])
async def test_a_second_host_waits_names_the_first_and_takes_over(host: Any, tmp_path: Path) -> None:
    folder = tmp_path / "second"
    folder.mkdir()
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
        [reason] = [one.text for one in second.app.view.reasons() if one.part == "lease"]
        assert "pid" in reason
        assert "active" in reason
        await host.publish("obs.pc-1", {"id": "for the first"})
        await host.settle()
        await host.stop()
        await asyncio.wait_for(starting, 30)
        await host.broker.client()
        for _ in range(500):
            if not await second.unsettled(folder / "backend.db"):
                break
            await asyncio.sleep(0.02)
        assert second.app.feeds is not None
        assert second.app.feeds.runners["counting.counted"].status.sequence == 1
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await second.stop()


@pytest.mark.kanade(files=[FILE], start=False)
async def test_a_second_host_on_the_same_file_is_refused(host: Any) -> None:
    from kanade_host.plugin.errors import OperatorError

    await host.start()
    second = InProcess(host.running.options, MovableClock())
    with pytest.raises(OperatorError, match="in use by process"):
        await second.start()
