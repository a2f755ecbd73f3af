"""The ticker hears a stop at whatever moment it comes."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from kanade_host_scheduler.ticker import Ticker

from kanade_host.plugin import SystemClock


async def nothing_left() -> None:
    """What a crash left: nothing."""


@pytest.mark.parametrize("turns", range(5))
async def test_a_stop_that_comes_together_with_a_change_is_heard(turns: int) -> None:
    registry = SimpleNamespace(changed=asyncio.Event(), all={})
    parts: list[Any] = [SimpleNamespace(clock=SystemClock()), registry, SimpleNamespace(resume=nothing_left)]
    running = asyncio.create_task(cast(Any, Ticker)(*parts).run())
    await asyncio.sleep(0.02)
    registry.changed.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    running.cancel()
    done, _ = await asyncio.wait({running}, timeout=30)
    running.cancel()
    assert done == {running}
