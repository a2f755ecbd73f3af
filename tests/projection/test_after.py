"""A projection that comes after another: held back while that one is behind, and never for ever."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import counting
import following
import pytest

from kanade_host.projection.runner import Runner

FILES = [Path(counting.__file__), Path(following.__file__)]
pytestmark = [pytest.mark.kanade(files=FILES), pytest.mark.timeout(90)]


async def publish(host: Any, *ids: str, **fields: Any) -> None:
    for one in ids:
        await host.publish("obs.pc-1", {"id": one, **fields})


async def followed(host: Any) -> dict[str, tuple[int, int]]:
    rows = await host.rows("SELECT id, times, ahead FROM followed")
    return {row["id"]: (row["times"], row["ahead"]) for row in rows}


async def test_it_sees_a_message_after_the_other_one(host: Any) -> None:
    ids = [f"m{number}" for number in range(30)]
    await publish(host, ids[0], hold=0.3)
    await publish(host, *ids[1:])
    await host.settle()
    assert await followed(host) == dict.fromkeys(ids, (1, 1))


async def test_also_while_the_other_one_has_not_begun(host: Any, monkeypatch: Any) -> None:
    await host.stop()
    ids = [f"m{number}" for number in range(10)]
    await publish(host, *ids)
    begin = Runner._begin

    async def slowly(self: Runner) -> Any:
        if self.projection.name == "counting.counted":
            await asyncio.sleep(0.7)
        return await begin(self)

    monkeypatch.setattr(Runner, "_begin", slowly)
    await host.start()
    await host.settle()
    assert await followed(host) == dict.fromkeys(ids, (1, 1))


async def test_it_goes_on_when_the_stream_was_made_anew(host: Any) -> None:
    await publish(host, "before")
    await host.settle()
    await host.broker.api("STREAM.DELETE.OBS_EVENTS")
    await host.running.app.resources.ensure()
    await publish(host, "after")
    await host.settle()
    assert await followed(host) == {"before": (1, 1), "after": (1, 1)}


async def test_it_waits_for_nothing_that_the_other_one_is_not_given(host: Any) -> None:
    """`counting` has got what there is; what was deleted behind it will never move its position."""
    await publish(host, "one", "two")
    await host.settle()
    runner = host.running.app.feeds.runners["counting.counted"]
    runner.status.sequence = 0  # as after a beginning by time
    await asyncio.wait_for(runner.reached(2, runner._created, lambda _: None), 30)


async def test_it_goes_on_without_a_plugin_that_has_failed(host: Any) -> None:
    await publish(host, "one")
    await host.settle()
    host.running.app.running["counting"].fail("it held the loop")
    await publish(host, "two")

    async def both() -> bool:
        return set(await followed(host)) == {"one", "two"}

    await host.until(both, what="the projection to go on alone")
    assert await followed(host) == {"one": (1, 1), "two": (1, 0)}
