"""The host is ended with SIGKILL at each named point, again and again, while doubled results arrive.

Afterwards: one row for each result, counters equal to a recount, each target sent once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import uuid
from collections import Counter
from typing import Any

import aiohttp
import pytest

PLUGINS = ["results", "jobs", "heartbeat", "fleet"]
POINTS = ["fetched", "prepared", "applied", "before-commit", "after-commit", "before-ack"]
LONG = os.environ.get("KANADE_TEST_LONG") == "1"
ROUNDS = 17 if LONG else 5
"""Of each of six points: a hundred kills in the long form."""
TARGETS = 40

pytestmark = [pytest.mark.timeout(900 if LONG else 180)]


def result(exec_id: str, number: int) -> dict[str, Any]:
    return {
        "result_id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{exec_id}/{number}")),
        "request_id": f"req-{number}",
        "exec_id": exec_id,
        "pc_id": f"pc-{number % TARGETS:03d}",
        "exit_code": 1 if number % 7 == 0 else 0,
        "stdout": "x" * 200,
        "stderr": "",
        "started_at": "2026-11-23T10:00:00Z",
        "finished_at": "2026-11-23T10:00:01Z",
        "manifest_id": "echo",
    }


async def fire(host: Any) -> str:
    job = {"id": "echo", "version": "1", "execute": {"shell": "cmd", "script": "echo hi", "timeout": "30s"}}
    assert (await host.post("/api/jobs", json=job)).status == 200
    target = {"target": {"pcs": [f"pc-{n:03d}" for n in range(TARGETS)]}}
    answer = await host.post("/api/exec/echo", json=target)
    assert answer.status == 200, answer.text
    return str(answer.json()["exec_id"])


async def publish_doubled(
    host: Any, exec_id: str, published: set[str], counter: list[int], enough: asyncio.Event
) -> None:
    """Results until it is enough, each one twice. (nats-py may swallow a cancellation.)"""
    while not enough.is_set():
        counter[0] += 1
        body = result(exec_id, counter[0])
        published.add(body["result_id"])
        for _ in range(2):
            await host.publish(f"results.{body['request_id']}", body)
        if counter[0] % 20 == 0:
            await asyncio.sleep(0.01)


@pytest.mark.kanade(plugins=PLUGINS, process=True)
@pytest.mark.parametrize("point", POINTS)
async def test_killed_at(host: Any, point: str) -> None:
    exec_id = await fire(host)
    await host.settle()
    await host.stop()
    published: set[str] = set()
    counter = [0]
    for round_ in range(ROUNDS):
        host.running.environment["KANADE_FAULT"] = f"{point}:{1 + round_ * 2}"
        await host.running.start(ready=False)
        enough = asyncio.Event()
        publishing = asyncio.create_task(publish_doubled(host, exec_id, published, counter, enough))
        try:
            assert await host.ended() == -9, host.running.log.read_text()[-2000:]
        finally:
            enough.set()
            await publishing
    host.running.environment.pop("KANADE_FAULT")
    await host.start()
    await host.settle()

    rows = await host.rows("SELECT result_id, exit_code FROM execution_results")
    assert {row["result_id"] for row in rows} == published
    recount = Counter("success" if row["exit_code"] == 0 else "failure" for row in rows)
    [execution] = await host.rows("SELECT * FROM executions")
    assert execution["success_count"] == recount["success"]
    assert execution["failure_count"] == recount["failure"]
    assert not await host.dead_letters()


@pytest.mark.kanade(plugins=PLUGINS, process=True)
async def test_killed_while_sending(host: Any) -> None:
    targets = 5_000
    job = {"id": "echo", "version": "1", "execute": {"shell": "cmd", "script": "echo hi", "timeout": "30s"}}
    assert (await host.post("/api/jobs", json=job)).status == 200
    await host.settle()
    await host.stop()
    pcs = [f"pc-{n:05d}" for n in range(targets)]
    for round_ in range(ROUNDS):
        passes = 700 + 850 * (round_ % 6)  # fewer than one round sends
        host.running.environment["KANADE_FAULT"] = f"sending:{passes}"
        # What the round before left in the outbox may bring this one to its end before it is asked
        # anything; and it may end before it has answered. What was committed is promised all the same.
        with contextlib.suppress(AssertionError, aiohttp.ClientError):
            await host.start()
            await host.post("/api/exec/echo", json={"target": {"pcs": pcs}})
        assert await host.ended() == -9
    host.running.environment.pop("KANADE_FAULT")
    await host.start()
    await host.settle()
    sent = Counter(
        json.loads(body)["request_id"]
        for subject, body in await host.stream_messages("EXEC")
        if subject.startswith("commands.pc.")
    )
    expected = await host.rows("SELECT count(*) AS n FROM execution_targets")
    assert set(sent.values()) == {1}
    assert len(sent) == expected[0]["n"]
    assert expected[0]["n"] % targets == 0
    assert expected[0]["n"] > 0


@pytest.mark.kanade(plugins=PLUGINS, process=True, start=False)
async def test_killed_in_a_migration(host: Any) -> None:
    # Ended in the host's own file, twice; then in the one after it, twice; then in the next, twice.
    for passes in (1, 1, 2, 1, 2, 1):
        host.running.environment["KANADE_FAULT"] = f"migration:{passes}"
        await host.running.start(ready=False)
        assert await host.ended() == -9
    host.running.environment.pop("KANADE_FAULT")
    await host.start()
    states = await host.plugin_states()
    assert {states[name]["state"] for name in PLUGINS} == {"running"}


@pytest.mark.kanade(plugins=PLUGINS, process=True)
async def test_killed_in_a_backlog(host: Any) -> None:
    """Read past the durable, in larger batches: a kill at each point is a kill like any other."""
    exec_id = await fire(host)
    await host.settle()
    await host.stop()
    js = (await host.broker.client()).jetstream(publish_async_max_pending=4_000)
    bodies = [result(exec_id, number) for number in range(12_000)]
    waiting = [await js.publish_async(f"results.{b['request_id']}", json.dumps(b).encode()) for b in bodies]
    await asyncio.gather(*waiting)
    for point in POINTS:
        host.running.environment["KANADE_FAULT"] = f"{point}:2"
        await host.running.start(ready=False)
        assert await host.ended() == -9, host.running.log.read_text()[-2000:]
    host.running.environment.pop("KANADE_FAULT")
    await host.start()
    await host.settle()
    assert "a backlog is read" in host.running.log.read_text()
    [rows] = await host.rows("SELECT count(*) AS n, sum(exit_code = 0) AS good FROM execution_results")
    assert tuple(rows) == (12_000, sum(body["exit_code"] == 0 for body in bodies))
    [execution] = await host.rows("SELECT success_count, failure_count FROM executions")
    assert tuple(execution) == (rows["good"], 12_000 - rows["good"])
