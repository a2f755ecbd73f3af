"""Several projections read one backlog together: each gets all that is its own, once, whoever ends first."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import leading
import picking
import pytest

from kanade_host.bus.reader import BacklogReader, Fetched, ReaderLost
from kanade_host.plugin.errors import Unavailable
from kanade_host.projection import convoy, pace, runner
from kanade_host.projection.convoy import Convoy, Following

pytestmark = [pytest.mark.timeout(90)]


def batch(first: int, last: int) -> list[Fetched]:
    return [Fetched(n, n, 1, 0, 0, "s", b"", "") for n in range(first, last)]


def numbers(messages: list[Fetched]) -> list[int]:
    return [one.sequence for one in messages]


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for long."""
    monkeypatch.setattr(convoy, "GATHER_SECONDS", 0.01)
    monkeypatch.setattr(convoy, "PATIENCE_SECONDS", 0.01)


async def test_whoever_comes_first_waits_for_the_other() -> None:
    for leader_first in (True, False):
        found = Convoy("S")
        found.beginning.add("p")
        leading = asyncio.create_task(found.lead("now", 1)) if leader_first else None
        following = asyncio.create_task(found.follow("p", "now", 1))
        await asyncio.sleep(0)
        followers = await (leading or asyncio.create_task(found.lead("now", 1)))
        assert followers == [await following]


@pytest.mark.parametrize(
    ("leader", "follower"), [(("now", 5), ("now", 4)), (("now", 1), ("before", 1))], ids=["behind", "anew"]
)
async def test_who_needs_other_messages_reads_by_itself(
    leader: tuple[str, int], follower: tuple[str, int]
) -> None:
    found = Convoy("S")
    found.beginning.add("p")
    leading = asyncio.create_task(found.lead(*leader))
    await asyncio.sleep(0)
    assert await found.follow("p", *follower) is None
    assert await leading == []


@pytest.mark.usefixtures("hasty")
async def test_nobody_waits_for_ever() -> None:
    found = Convoy("S")
    found.beginning.add("never")
    assert await found.lead("now", 1) == []
    assert await found.follow("late", "now", 1) is None, "nobody leads any more"


async def test_a_leader_does_not_wait_for_who_reads_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convoy, "GATHER_SECONDS", 3_600.0)
    found = Convoy("S")
    found.beginning.add("p")
    leading = asyncio.create_task(found.lead("now", 1))
    await asyncio.sleep(0)
    await found.alone("p")
    assert await asyncio.wait_for(leading, 30) == []


async def test_a_follower_gets_what_comes_from_its_start_on() -> None:
    following = Following("S", 3)
    await following.give(batch(1, 3))
    await following.give(batch(3, 6))
    assert numbers(await following.take()) == [3, 4, 5]
    taking = asyncio.create_task(following.take())
    await asyncio.sleep(0)
    await following.give(batch(6, 8))
    assert numbers(await taking) == [6, 7]
    await following.give(batch(8, 9))
    following.end("the leader has ended")
    assert numbers(await following.take()) == [8], "what is here already can be taken"
    with pytest.raises(ReaderLost, match="the leader has ended"):
        await following.take()


@pytest.mark.usefixtures("hasty")
async def test_who_falls_behind_is_left_behind_without_a_gap() -> None:
    following = Following("S", 1)
    for first in (1, 11, 21, 31):
        await following.give(batch(first, first + 10))
    assert numbers(await following.take()) == [*range(1, 11)]
    assert numbers(await following.take()) == [*range(11, 21)]
    with pytest.raises(ReaderLost, match="fell behind"):
        await following.take()


async def test_a_leader_waits_for_room_and_goes_on_when_the_follower_stops() -> None:
    following = Following("S", 1)
    await following.give(batch(1, 2))
    await following.give(batch(2, 3))
    giving = asyncio.create_task(following.give(batch(3, 4)))
    await asyncio.sleep(0)
    assert not giving.done()
    await following.take()
    await asyncio.wait_for(giving, 30)
    giving = asyncio.create_task(following.give(batch(4, 5)))
    await asyncio.sleep(0)
    await following.stop()
    await asyncio.wait_for(giving, 30)


async def test_a_follower_that_is_always_nearly_too_slow_is_left_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(convoy, "PATIENCE_SECONDS", 0.05)
    following = Following("S", 1)

    async def follow() -> None:
        while True:
            await following.take()
            await asyncio.sleep(0.02)

    task = asyncio.create_task(follow())
    for number in range(1, 1_000):
        await following.give(batch(number, number + 1))
        if following.ended:
            break
    assert following.ended
    with pytest.raises(ReaderLost):
        await task


async def test_a_leader_that_is_cancelled_while_it_gathers_leads_nobody() -> None:
    found = Convoy("S")
    found.beginning.update({"first", "second"})
    leading = asyncio.create_task(found.lead("now", 1))
    following = await found.follow("first", "now", 1)
    assert following is not None
    leading.cancel()
    await asyncio.wait({leading})
    with pytest.raises(ReaderLost):
        await following.take()
    assert await found.follow("second", "now", 1) is None


# -- with a broker ---------------------------------------------------------------------------

together = pytest.mark.kanade(files=[Path(leading.__file__), Path(picking.__file__)])


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Consumers over which backlogs are read; 50 messages are one."""
    monkeypatch.setattr(runner, "BACKLOG", 50)
    monkeypatch.setattr(runner, "NEARLY_READ", 5)
    monkeypatch.setattr(convoy, "GATHER_SECONDS", 20.0)  # a slow machine
    found: list[str] = []
    start = BacklogReader.start

    async def noting(self: BacklogReader) -> None:
        found.append(self.consumer)
        await start(self)

    monkeypatch.setattr(BacklogReader, "start", noting)
    return found


async def publish(host: Any, first: int, last: int) -> None:
    for number in range(first, last):
        await host.publish("obs.pc-1", {"id": f"wanted-{number}" if number % 10 == 0 else f"m{number}"})


async def all_once(host: Any, count: int) -> None:
    await host.settle()
    every = {row["id"]: row["times"] for row in await host.rows("SELECT id, times FROM led")}
    aside = {letter["sequence"] for letter in await host.dead_letters()}
    assert list(every.values()) == [1] * (count - len(aside))
    wanted = await host.rows("SELECT id, times FROM picked")
    assert {row["id"]: row["times"] for row in wanted} == {f"wanted-{n}": 1 for n in range(0, count, 10)}
    positions = await host.rows("SELECT sequence FROM host_positions WHERE stream = 'OBS_EVENTS'")
    assert {row["sequence"] for row in positions} == {count}


@together
async def test_one_consumer_is_enough_for_two(host: Any, opened: list[str]) -> None:
    await host.stop()
    await publish(host, 0, 300)
    await host.start()
    await all_once(host, 300)
    assert opened == ["leading_led_backlog"]


@together
async def test_a_leader_that_is_at_fault_leaves_the_follower_to_itself(
    host: Any, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convoy, "GATHER_SECONDS", 1.0)
    monkeypatch.setattr(pace, "MOST", 16)
    await host.stop()
    await publish(host, 0, 300)
    monkeypatch.setenv("LEADING_RAISES", "1")
    await host.start()

    async def picked_all() -> bool:
        return len(await host.rows("SELECT id FROM picked")) == 30

    await host.until(picked_all, what="the follower to read by itself")
    assert "picking_picked_backlog" in opened
    monkeypatch.delenv("LEADING_RAISES")
    host.running.app.feeds.runners["leading.led"].resume()
    await all_once(host, 300)


@together
async def test_a_leader_whose_reader_does_not_open_lets_go_of_its_followers(
    host: Any, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[str] = []
    opening = BacklogReader.open

    async def failing(bus: Any, stream: str, name: str, **options: Any) -> BacklogReader:
        if name == "leading_led_backlog" and not failed:
            failed.append(name)
            monkeypatch.setattr(convoy, "GATHER_SECONDS", 0.05)
            raise Unavailable("the broker is away for a moment")
        return await opening(bus, stream, name, **options)

    monkeypatch.setattr(BacklogReader, "open", failing)
    await host.stop()
    await publish(host, 0, 300)
    await host.start()
    await all_once(host, 300)
    assert failed
