"""Time limits that set a timer only for what has to wait."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kanade_host.web.within import TookTooLong, within


async def at_once() -> str:
    return "now"


async def later(steps: int) -> int:
    for _ in range(steps):
        await asyncio.sleep(0)
    return steps


async def fails() -> None:
    await asyncio.sleep(0)
    raise KeyError("x")


async def own_timeout() -> None:
    async with asyncio.timeout(0.01):
        await asyncio.sleep(5)


async def in_tasks() -> list[int]:
    async with asyncio.TaskGroup() as group:
        made = [group.create_task(later(n)) for n in range(3)]
    return [one.result() for one in made]


async def test_answers() -> None:
    assert await within(1, at_once()) == "now"
    assert await within(1, later(5)) == 5
    assert await within(1, in_tasks()) == [0, 1, 2]


@pytest.mark.parametrize("work, error", [(fails, KeyError), (own_timeout, TimeoutError)])
async def test_errors_are_the_works_own(work: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        await within(1, work())


async def test_too_long_is_cancelled_first() -> None:
    seen: list[str] = []

    async def waits() -> None:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    with pytest.raises(TookTooLong):
        await within(0.01, waits())
    assert seen == ["cancelled"]
    assert await within(1, later(1)) == 1, "the task itself is not cancelled"


async def test_a_cancellation_from_outside_goes_through() -> None:
    entered = asyncio.Event()

    async def waits() -> None:
        entered.set()
        await asyncio.sleep(5)

    task = asyncio.create_task(within(5, waits()))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
