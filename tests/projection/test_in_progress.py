"""Batches that are still being worked on: the broker is told, and nothing of them stays behind."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from kanade_host.bus.reader import Fetched
from kanade_host.projection import preparing
from kanade_host.projection.preparing import InProgress


class Told:
    """A reader that notes what it has to tell the broker, by sequence."""

    def __init__(self, *, backlog: bool = False) -> None:
        self.backlog = backlog
        self.told: list[list[int]] = []

    def progress(self, batch: Iterable[Fetched]) -> None:
        self.told.append([one.sequence for one in batch])


class Batch(list[Fetched]):
    """A list that can be watched."""


def batch(*sequences: int) -> Batch:
    return Batch(Fetched(n, n, 1, 0, 0, "results.x", b"{}", f"reply.{n}") for n in sequences)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "PROGRESS_SECONDS", 0.01)


@pytest.fixture
def collector_off() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


async def told(reader: Any, times: int) -> None:
    async with asyncio.timeout(60):
        while len(reader.told) < times:
            await asyncio.sleep(0.001)


async def test_the_broker_is_told_again_and_again_of_all_that_is_held() -> None:
    reader: Any = Told()
    working = InProgress(reader)
    with working.holding(batch(1, 2)):
        with working.holding(batch(3)):
            await told(reader, 2)
        reader.told.clear()
        await told(reader, 2)
    assert reader.told[0] == [1, 2]
    assert reader.told == [[1, 2], [1, 2]]


async def test_a_batch_that_is_held_twice_is_told_of_until_both_have_ended() -> None:
    reader: Any = Told()
    working, one = InProgress(reader), batch(1)
    first, second = working.holding(one), working.holding(one)
    first.__enter__()
    with second:
        first.__exit__(None, None, None)
        reader.told.clear()
        await told(reader, 2)
    assert reader.told[0] == [1]


async def test_nothing_is_told_afterwards_and_again_for_the_next_batch() -> None:
    reader: Any = Told()
    working = InProgress(reader)
    with working.holding(batch(1)):
        await told(reader, 1)
    reader.told.clear()
    await asyncio.sleep(0.05)
    assert reader.told == []
    with working.holding(batch(2)):
        await told(reader, 1)
    assert reader.told == [[2]]


async def test_of_a_backlog_nothing_is_told() -> None:
    reader: Any = Told(backlog=True)
    with InProgress(reader).holding(batch(1)):
        await asyncio.sleep(0.05)
    assert reader.told == []


async def test_a_batch_that_is_done_goes_at_once(collector_off: None) -> None:
    working = InProgress(Told())  # type: ignore[arg-type]
    one = batch(1)
    gone = weakref.ref(one)
    with working.holding(one):
        await asyncio.sleep(0)
    del one
    assert gone() is None, "its messages wait for Python to look for cycles"
