"""Tasks of a plugin count against it when they last, not when a batch of messages takes many for a moment."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest

from kanade_host.loading import strays

PLUGIN = "hasty"


def plugin_of(module: str) -> str | None:
    """What stands in for its code is that of events, since this file's runs the test itself."""
    return PLUGIN if module == "asyncio.locks" else None


class Told:
    def __init__(self) -> None:
        self.reasons: list[str | None] = []
        self.out: list[str] = []
        self.watch = strays.Watch(
            plugin_of,
            lambda _, reason: self.reasons.append(reason),
            lambda _, reason: self.out.append(reason),
        )


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    monkeypatch.setattr(strays, "MANY", 10)
    monkeypatch.setattr(strays, "TOO_MANY", 40)
    return Told()


async def begin(count: int) -> list[asyncio.Task[Literal[True]]]:
    tasks = [asyncio.create_task(asyncio.Event().wait()) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


async def end(tasks: list[asyncio.Task[Literal[True]]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_many_for_a_moment_are_nothing_to_tell(told: Told) -> None:
    for _ in range(10):
        tasks = await begin(30)
        told.watch.look()
        await end(tasks)
    assert (told.reasons, told.out) == ([], [])


async def test_many_that_last_are_told_until_they_have_ended(told: Told) -> None:
    tasks = await begin(30)
    told.watch.look()
    told.watch.look()
    assert told.reasons == []
    told.watch.look()
    [reason] = told.reasons
    assert reason is not None
    assert reason.startswith("30 tasks (asyncio.locks.Event.wait)")
    await end(tasks)
    told.watch.look()
    told.watch.look()
    assert told.reasons[1:] == [None]


async def test_too_many_are_ended_at_once(told: Told) -> None:
    tasks = await begin(50)
    told.watch.look()
    assert len(told.out) == 1
    await asyncio.wait(tasks)
    assert all(task.cancelled() for task in tasks)
