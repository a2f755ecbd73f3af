"""The order of what is on its way to the writer, and the gate that keeps it back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kanade_host.bus.reader import Fetched, ReaderLost
from kanade_host.plugin.subscriptions import Projection
from kanade_host.projection.batches import Item
from kanade_host.projection.convoy import Convoy
from kanade_host.projection.preparing import InProgress
from kanade_host.projection.runner import Runner
from kanade_host.projection.turns import Gate, OutOfTurn, Turns


async def test_each_turn_comes_after_what_was_written_before() -> None:
    turns = Turns()
    first = turns.next(10, writes=True)
    second = turns.next(20, writes=False)
    third = turns.next(30, writes=True)
    assert [first.after, second.after, third.after] == [None, 10, 10]
    assert first.is_next
    assert not second.is_next
    async with first.taken():
        pass
    assert second.is_next
    assert not third.is_next


async def test_whoever_waits_comes_when_the_one_before_has_ended() -> None:
    turns = Turns()
    first, second = turns.next(1, writes=True), turns.next(2, writes=True)
    waiting = asyncio.create_task(second.come())
    async with first.taken():
        await asyncio.sleep(0)
        assert not waiting.done()
    await waiting


async def test_behind_a_failure_nobody_goes_on() -> None:
    turns = Turns()
    first, second, third = (turns.next(number, writes=True) for number in (1, 2, 3))
    with pytest.raises(ZeroDivisionError):
        async with first.taken():
            raise ZeroDivisionError
    with pytest.raises(OutOfTurn):
        assert not second.is_next
    with pytest.raises(OutOfTurn):
        async with second.taken():
            await second.come()
    with pytest.raises(OutOfTurn):
        await third.come()


async def test_a_turn_that_is_cancelled_has_failed() -> None:
    turns = Turns()
    first, second = turns.next(1, writes=True), turns.next(2, writes=True)

    async def take() -> None:
        async with first.taken():
            await asyncio.Event().wait()

    taking = asyncio.create_task(take())
    await asyncio.sleep(0)
    taking.cancel()
    await asyncio.wait({taking})
    with pytest.raises(OutOfTurn):
        await second.come()


async def test_whoever_holds_the_gate_is_alone() -> None:
    gate, seen = Gate(), list[str]()
    leave = asyncio.Event()

    async def passing(name: str) -> None:
        async with gate.passing():
            seen.append(f"{name} in")
            await leave.wait()
        seen.append(f"{name} out")

    async def holding() -> None:
        async with gate:
            seen.append("held")

    inside = [asyncio.create_task(passing(name)) for name in ("a", "b")]
    await asyncio.sleep(0)
    holder = asyncio.create_task(holding())
    await asyncio.sleep(0)
    late = asyncio.create_task(passing("late"))
    await asyncio.sleep(0)
    assert seen == ["a in", "b in"], "nobody passes ahead of whoever waits to hold it"
    leave.set()
    await asyncio.gather(*inside, holder, late)
    assert seen == ["a in", "b in", "a out", "b out", "held", "late in", "late out"]


async def test_a_holder_that_gives_up_waiting_keeps_nobody_back() -> None:
    gate, leave = Gate(), asyncio.Event()

    async def passing() -> None:
        async with gate.passing():
            await leave.wait()

    inside = asyncio.create_task(passing())
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(gate.__aenter__(), 0.01)
    leave.set()
    await asyncio.wait_for(asyncio.gather(inside, passing()), 30)


# -- a projection's own batches ----------------------------------------------------------------


class Reading:
    """A reader of a backlog, for what happens behind it."""

    backlog = True

    def __init__(self) -> None:
        self.taken, self.stopped = 0, False

    async def take(self, limit: int = 0) -> list[Fetched]:
        self.taken += 1
        if self.taken == 2:
            await asyncio.sleep(0)
            raise ReaderLost("gone")
        return [item(1).fetched]

    def ack(self, batch: Any) -> None: ...

    def progress(self, batch: Any) -> None: ...

    async def stop(self) -> None:
        self.stopped = True


class Writer:
    """Says that all is written, once it may."""

    def __init__(self) -> None:
        self.asked, self.may = asyncio.Event(), asyncio.Event()

    async def run(self, owner: str, work: Any, **_options: Any) -> float:
        self.asked.set()
        await self.may.wait()
        return 0.0


class Ahead:
    """A projection that asks the broker while it is waited for."""

    def __init__(self) -> None:
        self.asked, self.answered = asyncio.Event(), asyncio.Event()

    async def reached(self, sequence: int, created: str, waiting: Any) -> None:
        if sequence == 1:
            self.asked.set()
            await self.answered.wait()


def item(sequence: int) -> Item:
    return Item(Fetched(sequence, sequence, 1, 0, 9_999, "s", b"", ""), None)


def runner(writer: Writer, ahead: Any = None) -> Any:
    after = "x.y" if ahead else None
    projection = Projection(
        "a.b", stream="S", durable="d", message=bytes, apply=lambda tx, batch: None, after=after
    )
    around: dict[str, Any] = {"plugin": "a", "ctx": None, "bus": None, "writer": writer, "ours": True}
    return Runner(projection, **around, report=lambda _: None, ahead=lambda _: ahead, convoy=Convoy("S"))


async def test_who_holds_the_gate_stands_between_no_two_batches_that_wait_for_another_projection() -> None:
    """The later one must not be inside the gate while the earlier one has yet to pass it."""
    ahead, writer = Ahead(), Writer()
    writer.may.set()
    found, turns, working = runner(writer, ahead), Turns(), InProgress(Reading())
    batches = [
        asyncio.create_task(found._commit(working, [item(n)], turns.next(n, writes=True), writes=True))
        for n in (1, 2)
    ]
    await ahead.asked.wait()

    async def hold() -> None:
        async with found.held:
            pass

    holding = asyncio.create_task(hold())
    for _ in range(10):
        await asyncio.sleep(0)
    ahead.answered.set()
    await asyncio.wait_for(asyncio.gather(*batches, holding), 30)


async def test_a_reader_is_stopped_although_the_wait_for_its_batches_is_cancelled() -> None:
    writer, reader = Writer(), Reading()
    reading = asyncio.create_task(runner(writer)._read(reader))
    await writer.asked.wait()
    for _ in range(10):
        await asyncio.sleep(0)  # it is lost by now, and waits for its batch
    reading.cancel()
    await asyncio.wait({reading})
    assert reader.stopped
