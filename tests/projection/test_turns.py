"""The order of what is on its way to the writer, and the gate that keeps it back."""

from __future__ import annotations

import asyncio

import pytest

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
    await asyncio.wait_for(asyncio.gather(inside, passing()), 10)
