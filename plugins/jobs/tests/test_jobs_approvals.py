"""Fires that wait until somebody else releases them."""

from __future__ import annotations

import json
from typing import Any

import pytest

PLUGINS = ["results", "heartbeat", "fleet", "jobs", "scheduler"]
pytestmark = pytest.mark.kanade(plugins=PLUGINS, settings={"jobs": {"require_approval": "marked"}})

EXECUTE = {"shell": "powershell", "script": "echo", "timeout": "30s"}
JOB = {"id": "echo", "version": "1.0.0", "execute": EXECUTE, "require_approval": True}
PLAN = {"target": {"pcs": ["pc-1", "pc-2"]}}
WHY = {"reason": "not today"}


@pytest.fixture
async def asked(host: Any) -> Any:
    """One fire that waits, asked for by the operator."""
    assert (await host.post("/api/jobs", json=JOB, role="operator")).status == 200
    answer = await host.post("/api/exec/echo", json=PLAN, role="operator")
    assert answer.status == 202, answer.text
    host.answer = answer.json()
    return host


async def decide(host: Any, what: str, status: int, role: str = "admin", body: Any = None) -> Any:
    path = f"/api/approvals/{host.answer['exec_id']}/{what}"
    answer = await host.post(path, json=body, role=role)
    assert answer.status == status, answer.text
    return answer.json() if status == 200 else answer.text


async def state(host: Any) -> str:
    return str((await host.get(f"/api/approvals/{host.answer['exec_id']}", role="viewer")).json()["state"])


async def commands(host: Any) -> list[str]:
    await host.settle()
    return [subject for subject, _ in await host.stream_messages("EXEC")]


async def actions(host: Any) -> list[tuple[str, dict[str, Any]]]:
    await host.settle()
    records = [json.loads(body) for _, body in await host.stream_messages("AUDIT")]
    return [(one["action"], one["payload"]) for one in records if one["action"] != "job_upsert"]


async def test_nothing_is_sent_before_somebody_else_approves(asked: Any) -> None:
    host = asked
    assert (host.answer["approval"], host.answer["target_count"], host.answer["expected"]) == (
        "pending",
        0,
        2,
    )
    assert "approval of somebody else" in host.answer["warnings"][0]
    await host.restart()
    assert await commands(host) == []
    assert (await host.get("/api/executions")).json() == []
    [listed] = (await host.get("/api/approvals?state=pending", role="viewer")).json()
    assert (listed["asked_by"], listed["job_id"], listed["expected"]) == ("kit-operator", "echo", 2)
    detail = (await host.get(f"/api/approvals/{listed['exec_id']}")).json()
    assert detail["plan"]["target"]["pcs"] == ["pc-1", "pc-2"]
    assert "you asked for it" in await decide(host, "approve", 403, "operator")
    assert (await host.post(f"/api/approvals/{listed['exec_id']}/approve", role="viewer")).status == 403
    answer = await decide(host, "approve", 200)
    assert answer["exec_id"] == host.answer["exec_id"]
    assert await commands(host) == ["commands.pc.pc-1", "commands.pc.pc-2"]
    assert await state(host) == "fired"
    found = await actions(host)
    assert [action for action, _ in found] == ["approval_request", "approval_approve", "exec"]
    fired = found[-1][1]
    assert (fired["sub"], fired["asked_by"], fired["approved_by"]) == (
        "kit-operator",
        "kit-operator",
        "kit-admin",
    )
    assert "decided already: fired" in await decide(host, "approve", 409)
    assert len(await commands(host)) == 2


async def test_somebody_says_no(asked: Any) -> None:
    host = asked
    await decide(host, "reject", 204, body=WHY)
    assert await state(host) == "rejected"
    assert "decided already: rejected" in await decide(host, "approve", 409)
    assert await commands(host) == []
    assert (await actions(host))[-1][0] == "approval_reject"


async def test_nobody_decides_in_time(asked: Any) -> None:
    host = asked
    host.clock.advance(25 * 3_600)
    assert "decided already: expired" in await decide(host, "approve", 409)
    assert await state(host) == "expired"
    assert await commands(host) == []


async def test_another_job_than_was_asked_for_is_not_released(asked: Any) -> None:
    host = asked
    changed = JOB | {"execute": EXECUTE | {"script": "rm"}}
    await host.post("/api/jobs", json=changed, role="operator")
    assert "the job has changed" in await decide(host, "approve", 409)
    assert await state(host) == "failed"
    assert await commands(host) == []


async def test_another_script_under_the_same_name_is_not_released(host: Any) -> None:
    """The job is as it was; the object that it names is not."""
    store = await (await host.broker.client()).jetstream().object_store("scripts")
    await store.put("tool/1", b"echo")
    by_name = {"shell": "cmd", "script_object": "tool/1", "timeout": "30s"}

    async def ask() -> None:
        saved = await host.post("/api/jobs", json=JOB | {"execute": by_name}, role="operator")
        assert saved.status == 200
        host.answer = (await host.post("/api/exec/echo", json=PLAN, role="operator")).json()

    await ask()
    await store.put("tool/1", b"rm")
    assert "the job has changed" in await decide(host, "approve", 409)
    assert await state(host) == "failed"
    assert await commands(host) == []
    await ask()
    await decide(host, "approve", 200)
    assert len(await commands(host)) == 2


async def test_what_stands_against_it_leaves_it_pending(asked: Any) -> None:
    host = asked
    await host.post("/api/emergency/pause", json=WHY)
    assert "stays pending" in await decide(host, "approve", 409)
    assert await state(host) == "pending"
    await host.post("/api/emergency/resume")
    await host.broker.stop()

    async def noticed() -> bool:
        return not host.running.app.broker.bus.connected

    await host.until(noticed, what="the connection's end")
    await decide(host, "approve", 503)
    assert await state(host) == "pending"
    await host.broker.start()

    async def back() -> bool:
        return bool(host.running.app.broker.bus.connected)

    await host.until(back, what="the connection")
    await decide(host, "approve", 200)


async def test_a_crash_between_decision_and_fire_is_finished(asked: Any) -> None:
    host = asked
    ctx = host.running.app.running["jobs"].ctx
    await ctx.write(
        lambda tx: tx.execute("UPDATE jobs_approvals SET state = 'approved', decided_by = 'x'").rowcount
    )
    await host.restart()

    async def fired() -> bool:
        return await state(host) == "fired"

    await host.until(fired, what="the fire")
    assert len(await commands(host)) == 2


async def test_a_rerun_waits_too_and_jobs_that_are_not_marked_do_not(asked: Any) -> None:
    host = asked
    await decide(host, "approve", 200)
    exec_id = host.answer["exec_id"]
    await host.post(f"/api/executions/{exec_id}/kill")
    again = await host.post(f"/api/executions/{exec_id}/rerun", json={"on": ["killed"]})
    assert (again.status, again.json()["approval"], again.json()["rerun_of"]) == (202, "pending", exec_id)
    await host.post("/api/jobs", json=JOB | {"id": "plain", "require_approval": False})
    assert (await host.post("/api/exec/plain", json=PLAN)).status == 200


async def test_a_schedule_s_fire_waits_and_a_later_tick_replaces_it(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    schedule = {"id": "s", "cron": "* * * * * *", "job_id": "echo", **PLAN}
    await host.post("/api/schedules", json=schedule)

    async def two() -> bool:
        return len((await host.get("/api/approvals")).json()) > 1

    await host.until(two, what="two ticks that ask")
    await host.post("/api/schedules/s/disable")
    pending = (await host.get("/api/approvals?state=pending")).json()
    assert [one["asked_by"] for one in pending] == ["schedule:s"]
    expired = (await host.get("/api/approvals?state=expired")).json()
    assert expired[0]["reason"] == "a later tick asked again"
    assert (await host.get("/api/schedules/s/ticks?decision=pending")).json()
    alone = await host.post(f"/api/approvals/{pending[0]['exec_id']}/approve")
    assert (alone.status, alone.text.rpartition(": ")[2]) == (403, "you saved the schedule that asks for it")
    answer = await host.post(f"/api/approvals/{pending[0]['exec_id']}/approve", role="operator")
    assert answer.status == 200
    assert len(await commands(host)) == 2
    ran = await host.post("/api/schedules/s/run", role="operator")
    assert (ran.status, ran.json()["approval"]) == (202, "pending")


@pytest.mark.kanade(plugins=PLUGINS, settings={"jobs": {"require_approval": "always"}})
async def test_always_means_every_job_and_no_way_around_it(host: Any) -> None:
    await host.post("/api/jobs", json=JOB | {"require_approval": False})
    assert (await host.post("/api/exec/echo", json=PLAN)).status == 202
    run = await host.post("/api/run", json={"pc_id": "pc-1", "script": "x", "timeout_secs": 1})
    assert (run.status, run.text[:24]) == (409, "every fire needs an appr")


@pytest.mark.kanade(plugins=PLUGINS, settings={"jobs": {"require_approval": "never"}})
async def test_off_by_default_a_marked_job_fires(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    assert (await host.post("/api/exec/echo", json=PLAN)).status == 200
