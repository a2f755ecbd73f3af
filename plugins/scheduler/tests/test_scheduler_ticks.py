"""Whole ticks: the table of `contract/scheduler.md` 13.3, each row by its name, on a real broker."""

# ruff: noqa: E501 - the table reads best with one case a line

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from kanade_host.plugin import Instant

pytestmark = pytest.mark.kanade(plugins=["heartbeat", "fleet", "results", "jobs", "scheduler"])

JOB = {"id": "echo", "version": "1", "execute": {"shell": "cmd", "script": "x", "timeout": "30s"}}
DAWN = Instant.parse("2026-03-01T08:59:30Z")
ALL = {"all": True, "groups": [], "pcs": []}


def schedule(**keys: Any) -> dict[str, Any]:
    return {"id": "s", "cron": "0 0 * * * *", "job_id": "echo", "target": ALL} | keys


async def put(host: Any, **keys: Any) -> None:
    """Straight into the bucket: what HTTP would refuse may lie there."""
    body = schedule(**keys)
    await (await host.kv("schedules")).put(body["id"], json.dumps(body).encode())
    if body.get("enabled", True) and body.get("runs_on") != "agent":
        await host.until(lambda: registered(host, body["id"]), what="the registration")


async def registered(host: Any, id: str) -> bool:
    rows = await host.rows("SELECT next_due, problem FROM scheduler_schedules WHERE schedule_id = ?", (id,))
    return bool(rows) and (rows[0]["next_due"] is not None or rows[0]["problem"] is not None)


async def ticks(host: Any) -> list[Any]:
    return await host.rows("SELECT * FROM scheduler_ticks ORDER BY id")  # type: ignore[no-any-return]


async def tick(host: Any, seconds: float = 3600) -> Any:
    """Move the clock over the next tick; answers what it decided."""
    before = sum(row["times"] for row in await ticks(host))
    host.clock.advance(seconds)

    async def decided() -> bool:
        return sum(row["times"] for row in await ticks(host)) > before

    await host.until(decided, what="the tick")
    await host.settle()
    return (await ticks(host))[-1]


async def sent(host: Any) -> list[tuple[str, Any]]:
    return [(subject, json.loads(body)) for subject, body in await host.stream_messages("EXEC")]


async def start(host: Any, job: dict[str, Any] | None = None) -> None:
    host.clock.set(DAWN)
    await (await host.kv("jobs")).put("echo", json.dumps(job or JOB).encode())


async def beat(host: Any, *pc_ids: str) -> None:
    for pc_id in pc_ids:
        body = {"pc_id": pc_id, "at": host.clock.now().wire, "agent_version": "0.43.25"}
        await host.publish(f"heartbeat.{pc_id}", body)
    await host.settle()


async def ended(host: Any, pc_id: str, exit_code: int = 0, **keys: Any) -> None:
    body = {
        "request_id": str(uuid.uuid4()),
        "result_id": str(uuid.uuid4()),
        "pc_id": pc_id,
        "exit_code": exit_code,
        "stdout": "",
        "stderr": "",
        "started_at": host.clock.now().wire,
        "finished_at": host.clock.now().wire,
        "manifest_id": "echo",
    } | keys
    await host.publish(f"results.{body['request_id']}", body)
    await host.settle()


async def test_w01_every_tick_with_jitter_and_deadline(host: Any) -> None:
    await start(host)
    await put(host, jitter="10s", starting_deadline="5m", deadline_at="2001-01-01T00:00:00Z")
    found = await tick(host)
    assert (found["decision"], found["reason"]) == ("fired", "fires at every tick")
    assert found["first_due"] == "2026-03-01T09:00:00+00:00"
    ((subject, command),) = await sent(host)
    assert (subject, command["jitter_secs"]) == ("commands.all", 10)
    late = Instant.parse(command["deadline_at"]) - Instant.parse("2026-03-01T09:59:30Z")
    assert 300 <= late < 320
    (execution,) = await host.rows("SELECT * FROM executions")
    assert (execution["initiated_by"], execution["target_count"]) == ("scheduler", 1)
    assert execution["exec_id"] == command["exec_id"] == found["exec_id"]
    (record,) = [json.loads(body) for name, body in await host.stream_messages("AUDIT") if ".exec." in name]
    assert record["actor"] == "scheduler"
    assert record["payload"]["subjects"] == ["commands.all"]
    assert record["payload"]["schedule_id"] == "s"
    assert "sub" not in record["payload"]
    (fire,) = await host.rows("SELECT * FROM scheduler_fires")
    assert (fire["state"], fire["due"], fire["exec_id"]) == ("fired", found["first_due"], command["exec_id"])


NOTHING: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("W02 no target", {"target": {}}, {}, "target must specify at least one of"),
    ("W03 unknown job", {"job_id": "ghost"}, {}, "job 'ghost' is not in the catalog"),
    ("W05 deadline", {"starting_deadline": "5"}, {}, "parse starting_deadline '5': time unit needed"),
    ("W06 cooldown", {"mode": "once_per_pc", "cooldown": "60", "target": {"pcs": ["q"]}}, {}, "parse cooldown '60': time unit"),
    ("W07 long cooldown", {"mode": "once_per_pc", "cooldown": "300000000y", "target": {"pcs": ["q"]}}, {}, "cooldown overflow"),
    ("W16 wave", {"rollout": {"waves": [{"group": "a", "delay": "0s"}, {"group": "b", "delay": "zzz"}]}}, {}, "invalid rollout.waves[1].delay: expected number at 0"),
    ("W19 timeout", {}, {"execute": {"shell": "cmd", "script": "x", "timeout": "30"}}, "invalid timeout: time unit needed, for example 30sec"),
    ("W22 name", {"target": {"pcs": ["ok", "bad name", "ok2"]}}, {}, 'target.pcs[1]: "bad name" can be no part'),
]  # fmt: skip


@pytest.mark.parametrize("name, keys, job, reason", NOTHING, ids=[row[0] for row in NOTHING])
async def test_ticks_that_fire_nothing(
    host: Any, name: str, keys: dict[str, Any], job: dict[str, Any], reason: str
) -> None:
    del name
    await start(host, JOB | job)
    await put(host, **keys)
    found = await tick(host)
    assert found["decision"] == "failed"
    assert reason in found["reason"]
    assert await sent(host) == []
    assert await host.rows("SELECT * FROM executions") == []
    again = await tick(host)
    assert (again["id"], again["times"]) == (found["id"], 2)
    assert (await host.get("/api/jobs")).json()[0]["live"] == {"running": 0, "pending": 0}
    (state,) = (await host.get("/api/schedule-states")).json()
    assert reason in state["last_reason"]


async def test_w04_every_tick_does_not_look_at_the_cooldown(host: Any) -> None:
    await start(host)
    await put(host, cooldown="60")
    assert (await tick(host))["decision"] == "fired"


async def test_w08_to_w10_once_per_pc_until_it_is_done(host: Any) -> None:
    await start(host)
    keys = {"mode": "once_per_pc", "target": {"pcs": ["zz", "aa", "aa"]}, "auto_disable_when_done": True}
    await put(host, rollout={"waves": [{"group": "g", "delay": "0s"}]}, **keys)
    await tick(host)
    first = await sent(host)
    assert [subject for subject, _ in first] == ["commands.pc.aa", "commands.pc.zz"]
    assert len({command["exec_id"] for _, command in first}) == 1
    assert len({command["request_id"] for _, command in first}) == 2
    for _, command in first:
        code = 0 if _.endswith("aa") else 1
        await ended(host, _[12:], code, request_id=command["request_id"], exec_id=command["exec_id"])
    found = await tick(host)
    assert found["reason"] == "1 of 2 PCs without a success"
    assert [subject for subject, _ in await sent(host)][2:] == ["commands.pc.zz"]
    await ended(host, "zz")
    found = await tick(host)
    assert (found["decision"], found["reason"]) == ("completed", "all 2 expected PCs have succeeded")
    assert len(await sent(host)) == 3
    entry = await (await host.kv("schedules")).get("s")
    assert json.loads(entry.value)["enabled"] is False
    await host.settle()
    records = dict(await host.stream_messages("AUDIT"))
    said = json.loads(records["audit.scheduler.schedule_completed.s"])
    assert said["payload"] == {"job_id": "echo", "mode": "OncePerPc"}


async def test_w11_groups_go_to_their_members(host: Any) -> None:
    await start(host)
    await host.put("/api/agents/member/groups", json={"groups": ["canary"]})
    await host.put("/api/agents/dead/groups", json={"groups": ["canary"]})
    await put(host, mode="once_per_pc", target={"groups": ["canary"]})
    host.clock.advance(-600)
    await beat(host, "dead")
    host.clock.advance(600)
    await beat(host, "member")
    await tick(host, 60)
    assert [subject for subject, _ in await sent(host)] == ["commands.pc.member"]


async def test_w12_and_w13_once_per_target_in_waves(host: Any) -> None:
    await start(host)
    await host.put("/api/agents/pc1/groups", json={"groups": ["canary"]})
    await host.put("/api/agents/pc2/groups", json={"groups": ["w1"]})
    waves = [{"group": "canary", "delay": "0s"}, {"group": "w1", "delay": "1s"}]
    await put(host, mode="once_per_target", cooldown="1h", rollout={"waves": waves})
    await beat(host, "pc1")
    await tick(host, 60)
    host.clock.advance(2)

    async def both() -> bool:
        return [subject for subject, _ in await sent(host)] == ["commands.pc.pc1", "commands.pc.pc2"]

    await host.until(both, what="the second wave")
    await ended(host, "pc1")
    await beat(host, "pc1")
    host.clock.set(Instant.parse("2026-03-01T09:59:30Z"))
    await beat(host, "pc1")
    found = await tick(host, 60)
    assert (found["decision"], found["reason"]) == (
        "skipped",
        "an expected PC has succeeded within the cooldown",
    )


@pytest.mark.kanade(settings={"jobs": {"upstream_subjects": True}})
async def test_w14_all_groups_and_pcs_on_upstream_subjects(host: Any) -> None:
    await start(host)
    await put(host, target={"all": True, "groups": ["g", "g"], "pcs": ["p"]})
    await tick(host)
    (execution,) = await host.rows("SELECT target_count FROM executions")
    assert execution["target_count"] == 4
    (record,) = [json.loads(body) for name, body in await host.stream_messages("AUDIT") if ".exec." in name]
    said = record["payload"]["subjects"]
    assert said == ["commands.all", "commands.group.g", "commands.group.g", "commands.pc.p"]


async def test_w14_all_covers_groups_and_pcs(host: Any) -> None:
    await start(host)
    await put(host, target={"all": True, "groups": ["g", "g"], "pcs": ["p"]})
    await tick(host)
    assert [subject for subject, _ in await sent(host)] == ["commands.all"]


async def test_w17_a_wave_later_than_its_deadline_keeps_it(host: Any) -> None:
    await start(host)
    for pc_id, group in (("pc1", "a"), ("pc2", "b")):
        await host.put(f"/api/agents/{pc_id}/groups", json={"groups": [group]})
    waves = [{"group": "a", "delay": "0s"}, {"group": "b", "delay": "10m"}]
    await put(host, rollout={"waves": waves}, starting_deadline="5m", cron="0 0 9 * * *")
    await tick(host, 31)
    assert [subject for subject, _ in await sent(host)] == ["commands.pc.pc1"]
    host.clock.advance(601)

    async def both() -> bool:
        return len(await sent(host)) == 2

    await host.until(both)
    first, second = await sent(host)
    assert second[0] == "commands.pc.pc2"
    assert first[1]["deadline_at"] == second[1]["deadline_at"]
    assert first[1]["deadline_at"].startswith("2026-03-01T09:05:0")


async def test_w18_offline_pcs_do_not_keep_a_schedule_from_being_done(host: Any) -> None:
    await start(host)
    host.clock.advance(-600)
    await beat(host, "c")
    host.clock.advance(600)
    await put(host, mode="once_per_pc", auto_disable_when_done=True)
    for pc_id in ("a", "b"):
        await beat(host, pc_id)
        await ended(host, pc_id)
    assert (await tick(host, 60))["decision"] == "completed"


async def test_w23_there_is_no_check_for_runs_under_way(host: Any) -> None:
    await start(host)
    await put(host, mode="once_per_pc", target={"pcs": ["a"]})
    for _ in range(3):
        assert (await tick(host))["decision"] == "fired"
    assert len(await host.rows("SELECT 1 FROM executions")) == 3


async def test_an_edit_while_a_schedule_completes_stays(host: Any) -> None:
    """Upstream's blind put would overwrite it (8.3)."""
    await start(host)
    await put(host, mode="once_per_pc", target={"pcs": ["a"]}, auto_disable_when_done=True)
    await ended(host, "a")
    registry = host.running.app.running["scheduler"].ctx.service("scheduler.work").registry
    registry.all["s"].revision -= 1  # as if the watch had not yet said what somebody wrote
    assert (await tick(host))["decision"] == "skipped"
    entry = await (await host.kv("schedules")).get("s")
    assert json.loads(entry.value).get("enabled", True) is True


async def test_w15_an_empty_rollout_is_none(host: Any) -> None:
    await start(host)
    await put(host, rollout={"waves": []})
    await tick(host)
    assert [subject for subject, _ in await sent(host)] == ["commands.all"]


async def test_w20_and_w21_what_counts_as_a_success(host: Any) -> None:
    await start(host)
    await put(host, mode="once_per_pc", target={"pcs": ["a"]})
    await ended(host, "a", 125)
    assert (await tick(host))["decision"] == "fired"
    await ended(host, "a", version="0")
    assert (await tick(host))["decision"] == "skipped"


async def test_a_fire_replaces_what_the_one_before_has_not_delivered(host: Any) -> None:
    await start(host)
    await put(host, target={"pcs": ["away"]})
    for _ in range(2):
        await tick(host)

    async def one_left() -> bool:
        return len(await sent(host)) == 1

    await host.until(one_left)
    states = await host.rows("SELECT state FROM execution_targets ORDER BY state")
    assert [row["state"] for row in states] == ["superseded", "waiting"]


async def test_a_cascade_takes_back_what_is_not_delivered(host: Any) -> None:
    await start(host)
    await put(host, target={"pcs": ["away"]})
    await tick(host)
    assert len(await sent(host)) == 1
    assert (await host.post("/api/schedules/s/disable?cascade=true")).status == 204

    async def taken_back() -> bool:
        return await sent(host) == []

    await host.until(taken_back)
    (target,) = await host.rows("SELECT state FROM execution_targets")
    assert target["state"] == "skipped"


async def test_run_now(host: Any) -> None:
    await start(host)
    await put(host, enabled=False, starting_deadline="5m")
    await host.until(lambda: in_list(host))
    answer = await host.post("/api/schedules/s/run", role="operator")
    assert answer.status == 200
    await host.settle()
    ((subject, command),) = await sent(host)
    assert (subject, command["exec_id"]) == ("commands.all", answer.json()["exec_id"])
    (row,) = (await host.get("/api/schedules/s/ticks?decision=run")).json()
    assert row["exec_id"] == answer.json()["exec_id"]
    assert (await host.post("/api/schedules/none/run")).status == 404
    assert (await host.post("/api/schedules/s/run", role="viewer")).status == 403


async def in_list(host: Any) -> bool:
    return bool((await host.get("/api/schedules")).json())


@pytest.mark.kanade(plugins=["results", "jobs", "scheduler"])
async def test_without_the_heartbeat_plugin_nobody_is_guessed_to_be_alive(host: Any) -> None:
    await start(host)
    await put(host, mode="once_per_pc")
    found = await tick(host)
    assert found["decision"] == "failed"
    assert found["reason"].startswith("the heartbeat plugin is off")
