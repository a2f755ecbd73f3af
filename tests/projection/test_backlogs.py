"""A backlog is read past the durable: nothing lost, nothing twice, and the durable stands behind it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import counting
import pytest

from kanade_host.bus.reader import BacklogReader, Fetched
from kanade_host.projection import pace, runner
from kanade_host.projection.pace import LEAST, MOST, Pace
from kanade_host.projection.sifting import Sifting
from kanade_host.projection.status import Status

FILE = Path(counting.__file__)
DURABLE = "backend_obs_events_projector"
pytestmark = [pytest.mark.timeout(90)]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The readers of backlogs; 50 messages are one."""
    monkeypatch.setattr(runner, "BACKLOG", 50)
    monkeypatch.setattr(runner, "NEARLY_READ", 5)
    found: list[Any] = []
    start = BacklogReader.start

    async def noting(self: BacklogReader) -> None:
        found.append(self)
        await start(self)

    monkeypatch.setattr(BacklogReader, "start", noting)
    return found


async def publish(host: Any, first: int, last: int) -> None:
    for number in range(first, last):
        await host.publish("obs.pc-1", {"id": f"m{number}"})


async def all_once(host: Any, count: int) -> None:
    await host.settle()
    rows = await host.rows("SELECT id, times FROM counted")
    assert {row["id"]: row["times"] for row in rows} == {f"m{n}": 1 for n in range(count)}
    info = await host.broker.api(f"CONSUMER.INFO.OBS_EVENTS.{DURABLE}")
    assert (info["num_pending"], info["num_ack_pending"]) == (0, 0)
    assert info["config"]["ack_policy"] == "explicit"

    async def alone() -> bool:
        listed = await host.broker.api("CONSUMER.NAMES.OBS_EVENTS")
        return bool(listed["consumers"] == [DURABLE])

    await host.until(alone, what="the reader's own consumer to go")


@pytest.mark.kanade(files=[FILE])
async def test_a_backlog_at_the_start(host: Any, opened: list[Any]) -> None:
    await publish(host, 0, 20)
    await host.settle()
    assert opened == []
    await host.stop()
    await publish(host, 20, 300)
    await host.start()
    await all_once(host, 300)
    assert len(opened) == 1
    await publish(host, 300, 310)
    await all_once(host, 310)
    assert len(opened) == 1


@pytest.mark.kanade(files=[FILE])
async def test_a_backlog_that_piles_up_while_it_runs(host: Any, opened: list[Any]) -> None:
    store = host.running.app.store
    held, go = asyncio.Event(), asyncio.Event()
    run = store.writer.run

    async def hold(owner: str, work: Any, **options: Any) -> Any:
        if owner == "counting" and not go.is_set():
            held.set()
            await go.wait()
        return await run(owner, work, **options)

    store.writer.run = hold
    await publish(host, 0, 1)
    await asyncio.wait_for(held.wait(), 30)
    await publish(host, 1, 2_300)
    go.set()
    await all_once(host, 2_300)
    assert opened


@pytest.mark.kanade(files=[FILE])
async def test_a_broker_that_is_killed_while_a_backlog_is_read(host: Any, opened: list[Any]) -> None:
    await host.stop()
    await publish(host, 0, 1_500)
    await host.start()
    await host.broker.kill()
    await host.broker.start()
    await all_once(host, 1_500)


@pytest.mark.kanade(files=[FILE])
async def test_what_is_deleted_meanwhile_is_not_waited_for(host: Any, opened: list[Any]) -> None:
    """The last ones go before they are delivered: pending never comes down to nothing by itself."""
    await host.stop()
    await publish(host, 0, 100)
    await host.start()
    await host.broker.api("STREAM.PURGE.OBS_EVENTS")
    await host.settle()
    await host.publish("obs.pc-1", {"id": "later"})
    await host.settle()
    [row] = await host.rows("SELECT times FROM counted WHERE id = 'later'")
    assert row["times"] == 1


@pytest.mark.kanade(files=[FILE])
async def test_a_stream_that_is_made_anew_while_readers_gather(
    host: Any, opened: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was decided for the old stream, to begin behind its first 20, is wrong for the new one."""
    together = runner.Runner._together
    made_anew = False

    async def gathering(self: Any, begun: Any) -> Any:
        nonlocal made_anew
        if begun.lag > 50 and not made_anew:
            made_anew = True
            config = (await host.broker.api("STREAM.INFO.OBS_EVENTS"))["config"]
            await host.broker.api("STREAM.DELETE.OBS_EVENTS")
            made = await host.broker.api("STREAM.CREATE.OBS_EVENTS", json.dumps(config).encode())
            assert "error" not in made
            await publish(host, 300, 400)
        return await together(self, begun)

    monkeypatch.setattr(runner.Runner, "_together", gathering)
    await publish(host, 0, 20)
    await host.settle()
    await host.stop()
    await publish(host, 20, 300)
    await host.start()

    async def later() -> bool:
        return bool(await host.rows("SELECT 1 FROM counted WHERE id = 'm399'"))

    await host.until(later, what="the last message of the new stream")
    await host.settle()
    rows = await host.rows("SELECT id, times FROM counted")
    expected = {f"m{n}": 1 for n in (*range(20), *range(300, 400))}
    assert {row["id"]: row["times"] for row in rows} == expected
    assert made_anew


@pytest.mark.kanade(files=[FILE])
async def test_one_that_fails_in_the_middle_of_parts_that_wait_together(
    host: Any, opened: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two batches of two parts are at the writer; those behind the bad one find that it is not their turn."""
    monkeypatch.setattr(pace, "MOST", 16)
    await host.stop()
    bad = {40, 200, 201}
    for number in range(400):
        await host.publish("obs.pc-1", {"id": f"m{number}", "fail": number in bad})
    await host.start()
    await host.settle()
    rows = await host.rows("SELECT id, times FROM counted")
    assert {row["id"]: row["times"] for row in rows} == {f"m{n}": 1 for n in range(400) if n not in bad}
    letters = await host.dead_letters()
    assert sorted(letter["sequence"] - 1 for letter in letters) == sorted(bad)
    [position] = await host.rows("SELECT sequence FROM host_positions WHERE projection = 'counting.counted'")
    assert position["sequence"] == 400
    assert opened


@pytest.mark.kanade(files=[FILE])
async def test_a_database_that_is_locked_while_parts_wait(
    host: Any, opened: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "MOST", 16)
    monkeypatch.setattr("kanade_host.store.connections.BUSY_SECONDS", 0.1)
    await host.stop()
    await publish(host, 0, 600)
    await host.start()
    other = sqlite3.connect(host.running.app.store.writer.location.path, isolation_level=None)
    other.execute("PRAGMA busy_timeout = 10000")
    for _ in range(3):
        other.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(0.3)  # longer than the writer waits: whatever it was about to write fails
        other.execute("ROLLBACK")
    other.close()
    await all_once(host, 600)


@pytest.mark.kanade(files=[FILE])
async def test_what_does_not_pass_the_filter_is_left_out(
    host: Any, opened: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most of the stream passes it, so all of it is delivered; subjects beside are those of others.

    They are not told as waiting either.
    """
    monkeypatch.setattr(pace, "MOST", 16)
    told: list[tuple[int, int, bool]] = []
    passed = Status.passed

    def noting(self: Status, count: int, *arguments: Any) -> None:
        passed(self, count, *arguments)
        told.append((self.messages, self.lag, self.lag_at_most))

    monkeypatch.setattr(Status, "passed", noting)
    await host.stop()
    config = (await host.broker.api("STREAM.INFO.OBS_EVENTS"))["config"]
    widened = json.dumps(config | {"subjects": ["obs.>", "beside.>"]}).encode()
    assert "error" not in await host.broker.api("STREAM.UPDATE.OBS_EVENTS", widened)
    for number in range(200):
        await host.publish("obs.pc-1", {"id": f"m{number}"})
        if number % 4 == 0:
            await host.publish("beside.pc-1", {"id": f"beside{number}"})
    await host.start()
    await all_once(host, 200)
    assert opened
    assert opened[0]._passes is not None
    assert len(told) > 1
    assert told == [(done, 200 - done, False) for done, _, _ in told]


@pytest.mark.parametrize(
    ("count", "sequence", "pending", "told"),
    [
        (0, 10, 90, (60, False)),
        (50, 80, 20, (10, False)),
        (50, 80, 25, (15, True)),
        (60, 100, 3, (3, True)),
        (70, 115, 0, (0, True)),
        (50, 80, 8, (8, False)),
    ],
    ids=[
        "those beside are left out",
        "exactly what is left",
        "five have come since",
        "some of the three that have come pass",
        "fifteen have come and ten of them passed",
        "some were deleted",
    ],
)
def test_what_waits_while_a_backlog_is_sifted(
    count: int, sequence: int, pending: int, told: tuple[int, bool]
) -> None:
    """Of 100 that waited 60 passed; `count` of those are done, `sequence` of all are delivered."""
    last = Fetched(sequence, sequence, 1, 0, pending, "s", b"", "")
    assert Sifting(60, 100).after(count, last) == told


def test_parts_shrink_when_they_are_long_and_grow_while_full_ones_are_short() -> None:
    found = Pace()
    assert found.limit == MOST
    found.took(MOST, 0.04)
    assert found.limit == MOST
    found.took(MOST, 0.2)
    assert found.limit == MOST // 2
    found.took(10, 0.01)
    assert found.limit == MOST // 2, "a short one says nothing of a full one"
    found.took(MOST // 2, 0.01)
    assert found.limit == MOST
    for _ in range(10):
        found.took(found.limit, 1.0)
    assert found.limit == LEAST
