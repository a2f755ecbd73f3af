"""Chunks that an upload left behind (http-fleet.md 10)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.kanade(plugins=["releases"], settings={"releases": {"orphan_hours": 1e-9}})

STORES = ("agent_releases", "app_packages", "scripts")


async def chunks_in(host: Any, store: str) -> int:
    client = await host.broker.client()
    state = (await client.jetstream().stream_info(f"OBJ_{store}", subjects_filter="$O.*.C.>")).state
    return sum((state.subjects or {}).values())


async def test_lost_chunks_are_removed_at_the_next_start(
    host: Any, form: Callable[..., dict[str, Any]]
) -> None:
    await host.post("/api/app-packages/a/1", **form(("file", b"kept")))
    for store in STORES:
        await host.publish(f"$O.{store}.C.lost", b"x")
    await host.restart()

    async def removed() -> bool:
        return [await chunks_in(host, store) for store in STORES] == [0, 1, 0]

    await host.until(removed, what="the end of the lost chunks")
    assert (await host.get("/api/app-packages/a/1")).body == b"kept"


async def test_uploads_to_one_name_at_once(host: Any, form: Callable[..., dict[str, Any]]) -> None:
    bodies = [bytes([65 + number]) * 300_000 for number in range(4)]
    answers = await asyncio.gather(
        *(host.post("/api/app-packages/a/1", **form(("file", body))) for body in bodies)
    )
    assert {answer.status for answer in answers} == {200}
    assert (await host.get("/api/app-packages/a/1")).body in bodies

    async def one_of_them() -> bool:
        return await chunks_in(host, "app_packages") == 3

    await host.until(one_of_them, what="the end of the other uploads' chunks")
