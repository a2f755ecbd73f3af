"""A projection that wants few messages of a stream: the others are passed over, and none is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import picking
import pytest

from kanade_host.projection import pace, runner

pytestmark = [pytest.mark.kanade(files=[Path(picking.__file__)]), pytest.mark.timeout(90)]


async def publish(host: Any, *ids: str) -> None:
    for one in ids:
        await host.publish("obs.pc-1", {"id": one})


async def picked(host: Any) -> dict[str, int]:
    return {row["id"]: row["times"] for row in await host.rows("SELECT id, times FROM picked")}


async def test_what_is_not_picked_is_passed_over_and_never_decoded(host: Any) -> None:
    decoded = host.module("picking").decoded
    decoded.clear()
    await publish(host, *(f"{'wanted' if number % 10 == 0 else 'other'}-{number}" for number in range(40)))
    await host.publish("obs.pc-1", b"no json, and nobody wants it")
    await host.publish("obs.pc-1", b"no json, but wanted")
    await host.settle()
    assert await picked(host) == dict.fromkeys((f"wanted-{number}" for number in (0, 10, 20, 30)), 1)
    assert sorted(decoded) == sorted(await picked(host))
    (letter,) = await host.dead_letters()
    assert letter["sequence"] == 42, "what was picked and is bad is set aside"
    rows = (await host.get("/api/projections")).json()["projections"]
    assert next(row for row in rows if row["name"] == "picking.picked")["sequence"] == 42


async def test_a_cause_outside_the_messages_delays_picking(host: Any) -> None:
    host.module("picking").broken["causes"] = 2
    await publish(host, "wanted-1", "other-1")
    await host.settle()
    assert await picked(host) == {"wanted-1": 1}


@pytest.mark.parametrize("how", ["raises", "short"])
async def test_a_pick_that_is_broken_leaves_out_nothing(host: Any, how: str, monkeypatch: Any) -> None:
    monkeypatch.setitem(host.module("picking").broken, how, True)
    await publish(host, "wanted-1", "other-1")
    await host.settle()
    assert await picked(host) == {"wanted-1": 1, "other-1": 1}


async def test_a_backlog_of_what_is_not_picked_costs_no_transactions(
    host: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "BACKLOG", 50)
    monkeypatch.setattr(runner, "NEARLY_READ", 5)
    monkeypatch.setattr(runner, "POSITION_SECONDS", 3_600.0)
    monkeypatch.setattr(runner, "PARTS", 1)
    monkeypatch.setattr(pace, "MOST", 20)
    await host.stop()
    for number in range(1_000):
        await host.publish("obs.pc-1", {"id": "wanted" if number == 500 else f"other-{number}"})
    [before] = await host.rows("SELECT number FROM host_commits")
    await host.start()
    await host.settle()
    assert await picked(host) == {"wanted": 1}
    [position] = await host.rows("SELECT sequence FROM host_positions WHERE projection = 'picking.picked'")
    assert position["sequence"] == 1_000
    [after] = await host.rows("SELECT number FROM host_commits")
    assert after["number"] - before["number"] < 20, "fifty batches were passed over"


async def position(host: Any) -> int:
    [row] = await host.rows("SELECT sequence FROM host_positions WHERE projection = 'picking.picked'")
    sequence: int = row["sequence"]
    return sequence


async def test_one_that_is_passed_over_costs_no_transaction_and_is_acknowledged(
    host: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "POSITION_SECONDS", 3_600.0)
    await publish(host, "wanted-1")
    await host.settle()
    for number in range(5):
        await publish(host, f"other-{number}")
        await host.settle()
    assert await position(host) == 1
    await publish(host, "wanted-2")
    await host.settle()
    assert await position(host) == 7
    await publish(host, "other-6")
    await host.settle()
    await host.stop()
    await host.start()
    await host.settle()
    assert await picked(host) == {"wanted-1": 1, "wanted-2": 1}


async def test_the_position_follows_when_nothing_more_comes(
    host: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "POSITION_SECONDS", 0.3)
    await publish(host, "wanted-1", "other-1", "other-2")
    await host.settle()

    async def is_there() -> bool:
        return await position(host) == 3

    await host.until(is_there, seconds=30, what="the position is written")
    await publish(host, "other-3", "wanted-2")
    await host.settle()
    assert await picked(host) == {"wanted-1": 1, "wanted-2": 1}
    assert await position(host) == 5


async def test_what_arrives_together_is_looked_at_together(
    host: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "PICKING_SECONDS", 1.0)
    asked = host.module("picking").asked
    asked.clear()
    await publish(host, "other-1", "wanted-1", "other-2", "wanted-2", "other-3", "other-4")
    await host.settle()
    assert await picked(host) == {"wanted-1": 1, "wanted-2": 1}
    assert sum(asked) == 6
    assert len(asked) <= 3
