"""A plugin that begins tasks without end: it is named, at last taken out, never in the way of the rest."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

import counting
import leaking
import pytest

from kanade_host.loading import strays

COUNTING, LEAKING = Path(counting.__file__), Path(leaking.__file__)
pytestmark = [pytest.mark.timeout(120), pytest.mark.kanade(files=[COUNTING, LEAKING], process=True)]


async def leak(host: Any, count: int, *, stubborn: bool = False) -> None:
    answer = await host.post("/api/leaking", json={"count": count, "stubborn": stubborn})
    assert answer.status == 204, answer.text


async def state(host: Any, name: str) -> tuple[str, str]:
    row = (await host.plugin_states())[name]
    return row["state"], row["reason"] or ""


async def test_tasks_that_a_plugin_leaks_are_counted_and_named(host: Any) -> None:
    await leak(host, strays.MANY + 1)

    async def named() -> bool:
        phase, reason = await state(host, "leaking")
        return phase == "degraded" and f"{strays.MANY + 1:,} tasks (kanade_file_leaking.forgotten)" in reason

    await host.until(named, seconds=40, what="the leak to be named")
    await serves_all_the_same(host)


async def test_a_plugin_that_leaks_without_end_is_taken_out(host: Any) -> None:
    await leak(host, strays.TOO_MANY + 1)

    async def out() -> bool:
        phase, reason = await state(host, "leaking")
        return phase == "failed" and "leaking.forgotten" in reason

    await host.until(out, seconds=40, what="the plugin to be taken out")
    assert (await host.post("/api/leaking", json={"count": 1})).status == 503
    await serves_all_the_same(host)


async def test_tasks_that_do_not_end_when_told_hold_up_no_stop(host: Any) -> None:
    await leak(host, 50, stubborn=True)
    await host.publish("obs.pc-1", {"id": "before"})
    await host.settle()
    host.running._process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(host.running._process.wait(), 60) == 0
    log = host.running.log.read_text()
    assert "stopped" in log
    assert "50 tasks (kanade_file_leaking.stubborn)" in log
    await host.start()
    await host.settle()
    assert [tuple(row) for row in await host.rows("SELECT id, times FROM counted")] == [("before", 1)]


async def serves_all_the_same(host: Any) -> None:
    """Messages of another plugin count once, and its routes answer."""
    for number in range(20):
        await host.publish("obs.pc-1", {"id": f"m{number}"})
    await host.settle()
    assert (await host.get("/api/counting")).json() == 20
    assert {row["times"] for row in await host.rows("SELECT times FROM counted")} == {1}
    assert (await state(host, "counting"))[0] == "running"
