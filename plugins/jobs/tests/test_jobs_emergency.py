"""The emergency stop: pause, resume, kill everything, take back what was not delivered; and one kill."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = pytest.mark.kanade(plugins=["results", "heartbeat", "fleet", "jobs", "scheduler"])

JOB = {
    "id": "echo",
    "version": "1.0.0",
    "execute": {"shell": "powershell", "script": "echo", "timeout": "30s"},
}
RUN = {"pc_id": "pc-1", "script": "echo", "timeout_secs": 1}
WHY = {"reason": "the wrong job"}


@pytest.fixture
async def ready(host: Any) -> Any:
    assert (await host.post("/api/jobs", json=JOB)).status == 200
    return host


async def fire(host: Any, *pcs: str, **plan: Any) -> str:
    answer = await host.post("/api/exec/echo", json={"target": {"pcs": list(pcs)}} | plan, role="operator")
    assert answer.status == 200, answer.text
    return str(answer.json()["exec_id"])


async def states(host: Any, exec_id: str) -> dict[str, tuple[str, str | None]]:
    found = (await host.get(f"/api/executions/{exec_id}/targets")).json()
    return {one["pc_id"]: (one["state"], one["reason"]) for one in found["targets"]}


async def commands(host: Any) -> list[str]:
    await host.settle()
    return [subject for subject, _ in await host.stream_messages("EXEC")]


async def audited(host: Any) -> list[tuple[str, str | None, dict[str, Any]]]:
    await host.settle()
    records = [json.loads(body) for _, body in await host.stream_messages("AUDIT")]
    return [
        (one["action"], one["target"], one["payload"]) for one in records if one["action"] != "job_upsert"
    ]


async def act(host: Any, what: str, status: int = 200) -> Any:
    answer = await host.post(f"/api/emergency/{what}", json=WHY, role="operator")
    assert answer.status == status, answer.text
    return answer.json() if answer.status == 200 else answer.text


async def test_while_paused_nothing_fires_and_everybody_is_told_why(ready: Any) -> None:
    host = ready
    await act(host, "pause")
    state = (await host.get("/api/emergency", role="viewer")).json()
    assert (state["paused"], state["reason"], state["by"]) == (True, "the wrong job", "kit-operator")
    for path, body in (("/api/exec/echo", {"target": {"pcs": ["pc-1"]}}), ("/api/run", RUN)):
        answer = await host.post(path, json=body, role="admin")
        assert answer.status == 409
        assert "by kit-operator: the wrong job; nothing was fired" in answer.text
    assert (await host.get("/api/executions")).json() == []
    again = await host.post("/api/emergency/pause", json={"reason": "another"}, role="admin")
    assert again.json()["reason"] == "the wrong job"
    await host.restart()
    assert (await host.post("/api/exec/echo", json={"target": {"pcs": ["pc-1"]}})).status == 409
    await act(host, "resume")
    assert await act(host, "resume", 409) == "nothing is paused"
    await fire(host, "pc-1")
    assert await commands(host) == ["commands.pc.pc-1"]
    assert [action for action, _, _ in await audited(host)] == ["emergency_pause", "emergency_resume", "exec"]


async def test_what_was_promised_before_the_pause_is_held_and_goes_out_after_it(ready: Any) -> None:
    host = ready
    bucket = await host.kv("agent_groups")
    await bucket.put("pc-1", b'{"groups": ["first"]}')
    await bucket.put("pc-2", b'{"groups": ["second"]}')
    waves = [{"group": "first", "delay": "0s"}, {"group": "second", "delay": "1h"}]
    await fire(host, rollout={"waves": waves})
    assert await commands(host) == ["commands.pc.pc-1"]
    await act(host, "pause")
    host.clock.advance(3_700)
    assert await commands(host) == ["commands.pc.pc-1"]
    await host.restart()
    assert await commands(host) == ["commands.pc.pc-1"]
    await act(host, "resume")

    async def both() -> bool:
        return await commands(host) == ["commands.pc.pc-1", "commands.pc.pc-2"]

    await host.until(both, what="the wave that was held")


async def test_a_schedule_s_tick_is_held_visibly(ready: Any) -> None:
    host = ready
    await act(host, "pause")
    schedule = {"id": "s", "cron": "* * * * * *", "job_id": "echo", "target": {"pcs": ["pc-1"]}}
    assert (await host.post("/api/schedules", json=schedule)).status == 200

    async def held() -> bool:
        return bool((await host.get("/api/schedules/s/ticks?decision=held")).json())

    await host.until(held, what="a tick that is held")
    [tick, *_] = (await host.get("/api/schedules/s/ticks?decision=held")).json()
    assert "everything is paused" in tick["reason"]
    assert await commands(host) == []


async def test_everything_is_killed(ready: Any) -> None:
    host = ready
    first, second = await fire(host, "pc-1", "pc-2"), await fire(host, "pc-3")
    await host.settle()
    assert (await host.get("/api/emergency")).json()["open"] == 2
    assert await act(host, "kill") == {"executions": 2}
    for exec_id in (first, second):
        assert {state for state, _ in (await states(host, exec_id)).values()} == {"killed"}
    found = await audited(host)
    assert [(action, target) for action, target, _ in found][2:] == [
        ("kill", first),
        ("kill", second),
        ("emergency_kill", None),
    ]
    assert found[-1][2] == {"executions": 2, "reason": "the wrong job", "sub": "kit-operator"}
    await host.until(lambda: _empty(host), what="an empty stream")


async def _empty(host: Any) -> bool:
    return await commands(host) == []


async def test_what_was_not_delivered_is_taken_back_and_the_executions_say_so(ready: Any) -> None:
    host = ready
    exec_id = await fire(host, "pc-1", "pc-2")
    await host.publish("commands.pc.other", b"{}")
    assert len(await commands(host)) == 3
    start = {
        "result_id": "R1",
        "request_id": "q",
        "exec_id": exec_id,
        "pc_id": "pc-1",
        "manifest_id": "echo",
        "version": "1.0.0",
        "started_at": host.clock.now().wire,
    }
    await host.publish(f"events.started.{exec_id}.pc-1", start)
    await host.settle()
    found = await act(host, "clear")
    assert (found["executions"], found["targets"]) == (1, 1)
    assert found["messages"] >= 1
    assert await states(host, exec_id) == {
        "pc-1": ("running", None),
        "pc-2": ("killed", "cleared: the wrong job"),
    }
    assert await commands(host) == []
    assert (await audited(host))[-1] == (
        "emergency_clear",
        None,
        {"executions": 1, "reason": "cleared: the wrong job", "sub": "kit-operator", "targets": 1},
    )


async def test_one_execution_is_killed_and_the_others_go_on(ready: Any) -> None:
    host = ready
    first, second = await fire(host, "pc-1"), await fire(host, "pc-2")
    await host.settle()
    assert (await host.post(f"/api/executions/{first}/kill", role="operator")).status == 204
    assert await states(host, first) == {"pc-1": ("killed", None)}
    assert await states(host, second) == {"pc-2": ("waiting", None)}
    assert (await audited(host))[-1][:2] == ("kill", first)
    assert (await host.post("/api/executions/nobody/kill", role="operator")).status == 404


async def test_while_the_broker_is_away_it_can_be_paused_and_the_rest_says_so(ready: Any) -> None:
    host = ready
    exec_id = await fire(host, "pc-1")
    await host.settle()
    await host.broker.stop()

    async def noticed() -> bool:
        return not host.running.app.broker.bus.connected

    await host.until(noticed, what="the connection's end")
    for path in ("/api/emergency/kill", "/api/emergency/clear", f"/api/executions/{exec_id}/kill"):
        assert (await host.post(path, json=WHY)).status == 503, path
    await act(host, "pause")
    await host.broker.start()
    assert (await host.get("/api/emergency")).json()["paused"]


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 501}, {"reason": None}])
async def test_a_reason_is_needed(ready: Any, body: Any) -> None:
    assert (await ready.post("/api/emergency/pause", json=body)).status == 422
