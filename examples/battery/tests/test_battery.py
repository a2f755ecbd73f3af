"""From an event to a row and an answer, on a real host with a real broker and a real file."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.kanade(plugins=["battery"])


def event(pc_id: str = "pc-1", kind: str = "battery", **payload: Any) -> dict[str, Any]:
    at = "2026-11-23T10:00:00.5Z"
    return {"pc_id": pc_id, "at": at, "kind": kind, "source": "script:battery", "payload": payload}


async def send(host: Any, *events: dict[str, Any]) -> None:
    for one in events:
        await host.publish(f"obs.{one['pc_id']}", one)
    await host.settle()


async def test_an_event_becomes_a_row_and_an_answer(host: Any) -> None:
    await send(host, event(percent=81, health=94))
    rows = await host.rows("SELECT pc_id, percent, health FROM battery_levels")
    assert [tuple(row) for row in rows] == [("pc-1", 81.0, 94.0)]
    answer = await host.get("/api/battery/levels/pc-1", role="viewer")
    assert answer.json() == {
        "pc_id": "pc-1",
        "percent": 81.0,
        "health": 94.0,
        "at": "2026-11-23T10:00:00.500Z",
        "low": False,
    }


async def test_the_newest_level_counts_and_kept_answers_follow(host: Any) -> None:
    await send(host, event(percent=81, health=94))
    assert (await host.get("/api/battery/levels/pc-1")).json()["percent"] == 81
    await send(host, event(percent=80))
    found = (await host.get("/api/battery/levels/pc-1")).json()
    assert (found["percent"], found["health"]) == (80, None)


async def test_other_kinds_are_not_ours(host: Any) -> None:
    await send(host, event(kind="logon", user="u"), event(kind="boot"))
    assert await host.rows("SELECT * FROM battery_levels") == []
    assert await host.dead_letters() == []


BAD: list[Any] = [{}, {"percent": 101}, {"percent": "full"}, {"percent": None}, {"percent": 5, "health": -1}]


async def test_what_is_no_battery_is_set_aside_and_the_rest_goes_on(host: Any) -> None:
    """Also when most of what comes is of that kind: a script on the PCs must not stop the projection."""
    await send(host, *(event("bad", **payload) for payload in BAD * 6), event("good", percent=50))
    assert [letter["subject"] for letter in await host.dead_letters()] == ["obs.bad"] * 30
    assert [row["pc_id"] for row in await host.rows("SELECT pc_id FROM battery_levels")] == ["good"]


@pytest.mark.kanade(settings={"battery": {"low_percent": 50}})
async def test_low_is_a_setting(host: Any) -> None:
    await send(host, event("a", percent=50), event("b", percent=50.5), event("c", percent=3))
    listed = (await host.get("/api/battery/levels")).json()
    assert [(one["pc_id"], one["low"]) for one in listed] == [("a", True), ("b", False), ("c", True)]
    low = (await host.get("/api/battery/levels?low=true")).json()
    assert [one["pc_id"] for one in low] == ["c", "a"]


async def test_who_may_ask(host: Any) -> None:
    assert (await host.get("/api/battery/levels", role="viewer")).text == "[]"
    assert (await host.get("/api/battery/levels", role=None)).status == 401
    assert (await host.get("/api/battery/levels/nobody")).status == 404


async def test_rows_outlive_a_restart(host: Any) -> None:
    await send(host, event(percent=81))
    await host.restart()
    await send(host, event("pc-2", percent=10))
    assert [one["percent"] for one in (await host.get("/api/battery/levels")).json()] == [81, 10]
