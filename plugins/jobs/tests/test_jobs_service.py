"""Service "jobs.catalog", as the scheduler and others use it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from kanade_host_jobs.api import Catalog, FanoutPlan, Manifest, NothingToSend

from kanade_host.plugin import BadShape, HttpError, InvalidKey

pytestmark = pytest.mark.kanade(plugins=["results", "fleet", "jobs"])

JOB = {"id": "echo", "version": "1", "execute": {"shell": "cmd", "script": "x", "timeout": "30s"}}


def catalog(host: Any) -> Catalog:
    found: Catalog = host.running.app.running["jobs"].ctx.service("jobs.catalog")
    return found


def plan(**target: Any) -> FanoutPlan:
    return msgspec.convert({"target": target}, FanoutPlan)


async def test_manifests(host: Any) -> None:
    jobs = await host.kv("jobs")
    await jobs.put("echo", json.dumps(JOB).encode())
    await jobs.put("broken", json.dumps(JOB | {"more": 1}).encode())
    offered = catalog(host)
    found = await offered.get("echo")
    assert found == msgspec.convert(JOB, Manifest)

    async def seen() -> bool:
        return offered.manifests() == {"echo": found}

    await host.until(seen)
    assert await offered.get("none") is None
    with pytest.raises(BadShape):
        await offered.get("broken")
    with pytest.raises(InvalidKey):
        await offered.get("a b")


async def test_fires_of_a_schedule(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    first = await catalog(host).fire("echo", plan(pcs=["pc-1", "pc-2"]), actor="scheduler")
    await host.settle()
    started = {"exec_id": first.exec_id, "request_id": "r", "result_id": "s", "pc_id": "pc-2"}
    started |= {"manifest_id": "echo", "version": "1", "started_at": host.clock.now().wire}
    await host.publish(f"events.started.{first.exec_id}.pc-2", started)
    await host.settle()
    second = await catalog(host).fire(
        "echo", plan(pcs=["pc-1", "pc-2"]), actor="scheduler", supersedes=first.exec_id
    )

    async def replaced() -> bool:
        found = await host.stream_messages("EXEC")
        left = [json.loads(body)["exec_id"] for subject, body in found if subject == "commands.pc.pc-1"]
        return left == [second.exec_id]

    await host.until(replaced)
    await host.settle()
    states = await host.rows(
        "SELECT pc_id, state FROM execution_targets WHERE exec_id = ? ORDER BY pc_id", (first.exec_id,)
    )
    assert [tuple(row) for row in states] == [("pc-1", "superseded"), ("pc-2", "running")]
    records = [subject for subject, _ in await host.stream_messages("AUDIT") if ".exec." in subject]
    assert records == ["audit.scheduler.exec.echo"] * 2
    assert {row["initiated_by"] for row in await host.rows("SELECT * FROM executions")} == {"scheduler"}


async def test_a_tick_that_reaches_nobody_leaves_no_row(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    with pytest.raises(NothingToSend, match="job 'echo': the target names no PC"):
        await catalog(host).fire("echo", plan(groups=["nobody"]), actor="scheduler", allow_empty=False)
    assert await host.rows("SELECT * FROM executions") == []
    with pytest.raises(HttpError, match="job 'none' not found in catalog"):
        await catalog(host).fire("none", plan(pcs=["a"]), actor="scheduler")


async def test_a_fire_under_an_id_of_the_caller_happens_once_and_notes_why(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    exec_id = "0b9c3a52-6d0e-4b6e-9d4c-0b5a2f6f2d11"
    for _ in range(2):
        answer = await catalog(host).fire(
            "echo", plan(pcs=["pc-1"]), actor="scheduler", exec_id=exec_id, noted={"schedule_id": "s"}
        )
        assert answer.exec_id == exec_id
    await host.settle()
    sent = [json.loads(body) for subject, body in await host.stream_messages("EXEC")]
    assert [one["exec_id"] for one in sent] == [exec_id]
    (record,) = [json.loads(body) for name, body in await host.stream_messages("AUDIT") if ".exec." in name]
    assert record["payload"]["schedule_id"] == "s"
    assert record["payload"]["exec_id"] == exec_id
