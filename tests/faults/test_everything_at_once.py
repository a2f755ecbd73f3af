"""Several faults together, and those that come slowly: poison, clocks, a stop in the middle of everything."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import counting
import pytest

FILE = Path(counting.__file__)
LONG = os.environ.get("KANADE_TEST_LONG") == "1"
BURST = 200_000 if LONG else 12_000
PLUGINS = ["results", "jobs", "heartbeat", "fleet", "obs", "audit"]
DAY = 86_400
pytestmark = [pytest.mark.timeout(600 if LONG else 120)]


def result(number: int, **more: Any) -> dict[str, Any]:
    return {
        "result_id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"all-{number}")),
        "request_id": f"req-{number}",
        "exec_id": "nobody",
        "pc_id": f"pc-{number % 40:03d}",
        "exit_code": number % 3,
        "stdout": "x" * 100,
        "stderr": "",
        "started_at": "2026-11-23T10:00:00Z",
        "finished_at": "2026-11-23T10:00:01Z",
        "manifest_id": "echo",
    } | more


async def publish_all(host: Any, subject: str, bodies: list[dict[str, Any]]) -> None:
    js = (await host.broker.client()).jetstream(publish_async_max_pending=4_000)
    for first in range(0, len(bodies), 2_000):
        sent = [
            await js.publish_async(subject, json.dumps(one).encode()) for one in bodies[first : first + 2_000]
        ]
        await asyncio.gather(*sent)


@pytest.mark.kanade(plugins=["results"])
async def test_one_in_a_hundred_is_poison(host: Any) -> None:
    """Set aside by itself, whatever is wrong with it; all the others count, and nothing pauses."""
    bad = [b"{not json", b"[]", b'{"request_id": 7}', b"\xff\xfe", b'{"a":' * 200 + b"1" + b"}" * 200]
    for number in range(1_000):
        body = bad[number // 100 % len(bad)] if number % 100 == 7 else json.dumps(result(number)).encode()
        await host.publish(f"results.req-{number}", body)
    await host.settle()
    assert len(await host.rows("SELECT 1 FROM execution_results")) == 990
    letters = await host.dead_letters()
    assert len(letters) == 10
    assert all(bytes(letter["body"]) in bad for letter in letters)
    [status] = [one for one in (await host.get("/api/projections")).json()["projections"]
                if one["name"] == "results.results"]  # fmt: skip
    assert status["state"] == "running"


@pytest.mark.kanade(plugins=["results", "obs"])
@pytest.mark.parametrize("step", [DAY, -DAY])
async def test_a_clock_that_jumps_by_a_day(host: Any, step: int) -> None:
    """Rows go by the broker's time, loops by a clock that never jumps; kept answers do not outlive it."""
    await host.publish("results.req-1", result(1))
    await host.settle()
    assert len((await host.get("/api/results")).json()) == 1
    host.clock.advance(step)
    await host.publish("results.req-2", result(2))
    await host.settle()
    assert len((await host.get("/api/results")).json()) == 2
    rows = await host.rows("SELECT recorded_at FROM execution_results ORDER BY rowid")
    first, second = (row["recorded_at"] for row in rows)
    assert first <= second
    assert first[:10] == second[:10] or second[11:13] == "00"  # the broker's clock has not jumped
    host.clock.advance(-step)
    await host.publish("results.req-3", result(3))
    await host.settle()
    assert len((await host.get("/api/results")).json()) == 3
    await host.restart()
    assert len(await host.rows("SELECT 1 FROM execution_results")) == 3


@pytest.mark.kanade(plugins=PLUGINS, process=True)
@pytest.mark.parametrize("its_broker", ["there", "away"])
async def test_sigterm_in_the_middle_of_everything(host: Any, its_broker: str) -> None:
    """A backlog, fires, requests and a rebuild are under way: clean within 10 s, and nothing is lost."""
    job = {"id": "echo", "version": "1", "execute": {"shell": "cmd", "script": "echo", "timeout": "30s"}}
    assert (await host.post("/api/jobs", json=job)).status == 200
    await host.settle()
    await host.stop()
    await publish_all(host, "results.backlog", [result(number) for number in range(BURST)])
    await host.start()
    fires: list[str] = []
    done = asyncio.Event()

    async def fire() -> None:
        pcs = [f"pc-{number:03d}" for number in range(300)]
        while not done.is_set():
            answer = await host.post("/api/exec/echo", json={"target": {"pcs": pcs}})
            if answer.status == 200:
                fires.append(answer.json()["exec_id"])

    async def look() -> None:
        while not done.is_set():
            await host.get("/api/results?limit=50")

    works = [asyncio.create_task(fire()), asyncio.create_task(look())]
    assert (await host.post("/api/rebuilds/results", json={})).status == 202

    async def fired() -> bool:
        return len(fires) >= 2

    await host.until(fired, seconds=30, what="fires to be under way")
    if its_broker == "away":
        await host.broker.kill()
    host.running._process.send_signal(signal.SIGTERM)
    status = await asyncio.wait_for(host.running._process.wait(), 30)
    done.set()
    await asyncio.gather(*works, return_exceptions=True)
    assert status == 0, host.running.log.read_text()[-2000:]
    assert not list(host.folder.glob("*.rebuild-*"))
    if its_broker == "away":
        await host.broker.start()
    await host.start()
    await host.settle()
    [rows] = await host.rows("SELECT count(*) AS n FROM execution_results")
    assert rows["n"] == BURST
    known = {row["exec_id"] for row in await host.rows("SELECT exec_id FROM executions")}
    assert set(fires) <= known
    sent = Counter(
        json.loads(body)["request_id"]
        for subject, body in await host.stream_messages("EXEC")
        if subject.startswith("commands.pc.")
    )
    targets = {row["request_id"] for row in await host.rows("SELECT request_id FROM execution_targets")}
    assert set(sent.values()) <= {1}
    assert set(sent) <= targets  # EXEC keeps the newest commands of each subject


@pytest.mark.kanade(files=[FILE])
async def test_a_burst_after_an_outage(host: Any) -> None:
    await host.stop()
    await publish_all(host, "obs.pc-1", [{"id": f"m{number}"} for number in range(BURST)])
    await host.start()
    await host.until(lambda: _counted(host), seconds=300, what="the burst to be read")
    await host.settle()
    [row] = await host.rows("SELECT count(*) AS n, max(times) AS most FROM counted")
    assert (row["n"], row["most"]) == (BURST, 1)


async def _counted(host: Any) -> bool:
    [row] = await host.rows("SELECT count(*) AS n FROM counted")
    return bool(row["n"] >= BURST)
