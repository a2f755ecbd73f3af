"""Firing again at the PCs of an execution that ended in some way; and what a fire would do."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from typing import Any

import pytest

pytestmark = pytest.mark.kanade(plugins=["results", "heartbeat", "fleet", "jobs"])

JOB = {
    "id": "echo",
    "version": "1.0.0",
    "execute": {"shell": "powershell", "script": "echo", "timeout": "30s"},
}
ENDS = {"pc-1": (0, ""), "pc-2": (5, ""), "pc-3": (-1, "timeout after 3s"), "pc-4": (126, "skipped: revoked")}


async def ended(host: Any, *, wait: str | None = None) -> str:
    """An execution with a PC of each end; `wait` does not end."""
    assert (await host.post("/api/jobs", json=JOB)).status == 200
    pcs = [*ENDS, *([wait] if wait else [])]
    exec_id = str((await host.post("/api/exec/echo", json={"target": {"pcs": pcs}})).json()["exec_id"])
    for pc_id, (exit_code, stderr) in ENDS.items():
        result = {
            "result_id": f"{exec_id}-{pc_id}",
            "request_id": f"q-{pc_id}",
            "exec_id": exec_id,
            "pc_id": pc_id,
            "exit_code": exit_code,
            "stdout": "",
            "stderr": stderr,
            "started_at": "2026-11-23T10:00:00Z",
            "finished_at": "2026-11-23T10:00:01Z",
            "manifest_id": "echo",
        }
        await host.publish(f"results.q-{pc_id}", result)
    await host.settle()
    return exec_id


async def again(host: Any, exec_id: str, status: int = 200, **body: Any) -> Any:
    answer = await host.post(f"/api/executions/{exec_id}/rerun", json=body, role="operator")
    assert answer.status == status, answer.text
    return answer.json() if status == 200 else answer.text


def pcs(answer: Any) -> list[str]:
    return [subject.removeprefix("commands.pc.") for subject in answer["subjects"]]


CHOICES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["pc-2", "pc-3"]),
    ({"on": ["failed"]}, ["pc-2"]),
    ({"on": ["timed_out", "skipped"]}, ["pc-3", "pc-4"]),
    ({"pcs": ["pc-4", "pc-1", "pc-4"]}, ["pc-1", "pc-4"]),
    ({"pcs": ["pc-1", "pc-2"], "on": ["failed"]}, ["pc-2"]),
]


async def test_on_those_that_ended_so_with_links_both_ways(host: Any) -> None:
    exec_id = await ended(host)
    made = []
    for body, expected in CHOICES:
        answer = await again(host, exec_id, **body)
        assert (pcs(answer), answer["rerun_of"]) == (expected, exec_id), body
        made.append(answer["exec_id"])
    assert (await host.get(f"/api/executions/{exec_id}")).json()["reruns"] == made
    later = (await host.get(f"/api/executions/{made[0]}")).json()["execution"]
    assert later["rerun_of"] == exec_id
    await host.settle()
    records = [
        json.loads(body) for subject, body in await host.stream_messages("AUDIT") if ".exec." in subject
    ]
    assert [one["payload"].get("rerun_of") for one in records] == [None, *[exec_id] * len(CHOICES)]
    assert records[1]["payload"]["rerun_on"] == ["failed", "timed_out", "not_started"]


async def test_those_that_did_not_start(host: Any) -> None:
    exec_id = await ended(host, wait="pc-9")
    assert "has not ended" in await again(host, exec_id, 409)
    await host.post(f"/api/executions/{exec_id}/kill")
    assert pcs(await again(host, exec_id, on=["not_started"])) == ["pc-9"]
    assert pcs(await again(host, exec_id, on=["killed"])) == ["pc-9"]


async def test_of_an_execution_whose_targets_nobody_recorded(host: Any) -> None:
    exec_id = await ended(host)
    await host.stop()
    with contextlib.closing(sqlite3.connect(host.database)) as db, db:
        db.execute("DELETE FROM execution_plans")
        db.execute("DELETE FROM execution_targets")
    await host.start()
    assert pcs(await again(host, exec_id)) == ["pc-2", "pc-3"]


async def test_what_cannot_be_repeated_says_why(host: Any) -> None:
    exec_id = await ended(host)
    assert "no execution has the id" in await again(host, "nobody", 404)
    assert "not among the PCs of that execution: pc-x" in await again(
        host, exec_id, 400, pcs=["pc-x", "pc-1"]
    )
    assert "no PC of that execution is killed" in await again(host, exec_id, 409, on=["killed"])
    await again(host, exec_id, 422, on=["lost"])
    await host.post("/api/jobs", json=JOB | {"version": "2"})
    assert "the job is version 2 now; the execution ran 1.0.0" in (await again(host, exec_id))["warnings"]
    assert (await host.delete("/api/jobs/echo")).status == 204
    assert "not found in catalog" in await again(host, exec_id, 404)


async def test_a_preview_names_who_and_fires_nothing(host: Any) -> None:
    assert (await host.post("/api/jobs", json=JOB)).status == 200
    bucket = await host.kv("agent_groups")
    for pc_id in ("pc-1", "pc-2"):
        await bucket.put(pc_id, b'{"groups": ["g"]}')
    beat = {"at": host.clock.now().wire, "agent_version": "1"}
    await host.publish("heartbeat.pc-1", beat | {"pc_id": "pc-1"})
    await host.settle()
    host.clock.advance(600)
    await host.publish("heartbeat.pc-2", beat | {"pc_id": "pc-2", "at": host.clock.now().wire})
    await host.settle()
    plan = {"target": {"groups": ["g", "nobody"], "pcs": ["pc-2", "pc-x"]}}
    answer = await host.post("/api/exec/echo/preview", json=plan, role="operator")
    assert answer.status == 200, answer.text
    found = answer.json()
    size = found.pop("bytes")
    assert size > 100
    assert found == {
        "job_id": "echo",
        "version": "1.0.0",
        "expected": {"count": 3, "pcs": ["pc-1", "pc-2", "pc-x"]},
        "unknown": {"count": 1, "pcs": ["pc-x"]},
        "offline": {"count": 1, "pcs": ["pc-1"]},
        "duplicates": 1,
        "groups": [{"name": "g", "members": 2}, {"name": "nobody", "members": 0}],
        "waves": [],
        "batches": [],
        "commands": 3,
        "obstacles": [],
        "warnings": ["group 'nobody' has no members"],
    }
    short = (await host.post("/api/exec/echo/preview?limit=1", json=plan)).json()
    assert short["expected"] == {"count": 3, "pcs": ["pc-1"]}
    waves = {"rollout": {"waves": [{"group": "g", "delay": "0s"}, {"group": "g", "delay": "1h"}]}}
    assert (await host.post("/api/exec/echo/preview", json=waves)).json()["waves"] == [
        {"delay_secs": 0.0, "pcs": 2},
        {"delay_secs": 3600.0, "pcs": 0},
    ]
    await host.post("/api/emergency/pause", json={"reason": "why"})
    [obstacle] = (await host.post("/api/exec/echo/preview", json=plan)).json()["obstacles"]
    assert (obstacle["why"], "why" in obstacle["text"]) == ("paused", True)
    assert (await host.post("/api/exec/echo/preview", json={})).status == 400
    assert (await host.post("/api/exec/nobody/preview", json=plan)).status == 404
    assert (await host.get("/api/executions")).json() == []
    assert await host.stream_messages("EXEC") == []
