"""The service `results.executions`: fire, kill, revoke, supersede, and what it says about them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kanade_host_results.api import Batch, Command, Fire
from kanade_host_results.staging import COMMANDS_AT_ONCE

from kanade_host.plugin import Instant

pytestmark = pytest.mark.kanade(plugins=["results"])


class Who:
    sub = "alice"
    source = "spa"


def service(host: Any) -> Any:
    return host.running.app.running["results"].ctx.service("results.executions")


def fire_of(exec_id: str, pcs: list[str], *, job: str = "echo", **changes: Any) -> Fire:
    commands = tuple(
        Command(
            f"commands.pc.{pc}",
            json.dumps({"request_id": f"{exec_id}-{pc}"}).encode(),
            f"{exec_id}-{pc}",
            (pc,),
        )
        for pc in pcs
    )
    values: dict[str, Any] = {
        "exec_id": exec_id,
        "job_id": job,
        "version": "1.0.0",
        "initiated_by": "operator",
        "target_count": len(pcs),
        "commands": commands,
        "expected": tuple(pcs),
        "audit": {"exec_id": exec_id},
        "caller": Who(),
    }
    return Fire(**(values | changes))


def for_all(exec_id: str, expected: tuple[str, ...], **changes: Any) -> Fire:
    command = Command("commands.all", b'{"request_id":"all"}', f"{exec_id}-all", expected)
    return fire_of(exec_id, [], target_count=1, commands=(command,), expected=expected, **changes)


async def detail(host: Any, exec_id: str) -> tuple[dict[str, Any], dict[str, str]]:
    found = (await host.get(f"/api/executions/{exec_id}")).json()
    return found["execution"], {target["pc_id"]: target["state"] for target in found["targets"]}


async def subjects(host: Any, stream: str = "EXEC") -> list[str]:
    return [subject for subject, _ in await host.stream_messages(stream)]


async def test_a_fire_is_recorded_sent_and_audited(host: Any, res: Any) -> None:
    await service(host).fire(fire_of("X", ["b", "a"]))
    await service(host).fire(fire_of("X", ["b", "a", "c"]))  # the same again changes nothing
    await host.settle()
    assert await subjects(host) == ["commands.pc.b", "commands.pc.a"]
    execution, targets = await detail(host, "X")
    assert targets == {"a": "waiting", "b": "waiting"}
    assert execution["expected"] == 2
    assert execution["status"] == "pending"
    assert execution["states"]["waiting"] == 2
    [(subject, body)] = await host.stream_messages("AUDIT")
    assert subject == "audit.operator.exec.echo"
    assert json.loads(body)["payload"] == {"exec_id": "X", "source": "spa", "sub": "alice"}
    assert await service(host).live_counts() == {"echo": (0, 1)}
    await host.publish("results.q", res(exec_id="X", pc_id="a"))
    await host.settle()
    assert await service(host).live_counts() == {"echo": (1, 0)}
    await host.publish("results.q", res(exec_id="X", pc_id="b", result_id="R2", exit_code=1))
    await host.settle()
    execution, targets = await detail(host, "X")
    assert (execution["success_count"], execution["failure_count"], execution["status"]) == (
        1,
        1,
        "completed",
    )
    assert targets == {"a": "done", "b": "failed"}
    assert await service(host).live_counts() == {}


async def test_all_completes_when_every_known_agent_has_ended(host: Any, res: Any) -> None:
    await service(host).fire(for_all("X", ("a", "b")))
    await host.publish("results.q", res(exec_id="X", pc_id="a"))
    await host.settle()
    assert (await detail(host, "X"))[0]["status"] == "running"
    await host.publish("results.q", res(exec_id="X", pc_id="b", result_id="R2"))
    await host.settle()
    assert (await detail(host, "X"))[0]["status"] == "completed"


async def test_upstreams_rule_where_nobody_is_expected(host: Any, res: Any) -> None:
    await service(host).fire(for_all("X", ()))
    await host.publish("results.q", res(exec_id="X", pc_id="a"))
    await host.settle()
    execution, targets = await detail(host, "X")
    assert (execution["status"], execution["expected"], targets) == ("completed", 0, {})


async def test_nobody_to_publish_to(host: Any) -> None:
    await service(host).fire(fire_of("X", []))
    await host.settle()
    assert (await detail(host, "X"))[0]["status"] == "completed"
    assert await subjects(host) == []


async def test_r14_an_execution_that_comes_later_than_its_results(host: Any, res: Any, evt: Any) -> None:
    await host.publish("results.q", res(exec_id="XR", pc_id="a"))
    await host.publish(
        "results.q", res(exec_id="XR", pc_id="b", result_id="R2", exit_code=-1, stderr="timeout after 3s")
    )
    await host.publish("events.started.XR.c", evt(exec_id="XR", pc_id="c", result_id="R3"))
    await host.settle()
    await service(host).fire(fire_of("XR", ["a", "b", "c", "d"]))
    execution, targets = await detail(host, "XR")
    assert (execution["success_count"], execution["failure_count"], execution["status"]) == (1, 1, "running")
    assert targets == {"a": "done", "b": "timed_out", "c": "running", "d": "waiting"}
    await host.publish("results.q", res(exec_id="XR2", pc_id="a", result_id="R9"))
    await host.settle()
    await service(host).fire(for_all("XR2", ()))
    execution, _ = await detail(host, "XR2")
    assert (execution["success_count"], execution["failure_count"], execution["status"]) == (
        1,
        0,
        "completed",
    )


async def test_kill_ends_who_waits_and_names_what_to_delete(host: Any, res: Any, evt: Any) -> None:
    nc = await host.broker.client()
    heard: list[str] = []

    async def hear(message: Any) -> None:
        heard.append(message.subject)

    await nc.subscribe("kill.>", cb=hear)
    await service(host).fire(fire_of("X", ["done", "running", "waiting"]))
    await host.settle()
    await host.publish("results.q", res(exec_id="X", pc_id="done"))
    await host.publish("events.started.X.running", evt(exec_id="X", pc_id="running", result_id="R2"))
    await host.settle()
    assert await service(host).waiting("echo") == [("commands.pc.waiting", "X-waiting")]
    assert await service(host).open_executions("echo") == ["X"]
    pairs = await service(host).kill(["X", "X"], Who())
    assert pairs == [("commands.pc.waiting", "X-waiting")]
    assert await service(host).unwanted() == pairs
    await host.settle()
    assert (await detail(host, "X"))[1] == {"done": "done", "running": "running", "waiting": "killed"}
    await host.publish(
        "results.q",
        res(
            exec_id="X",
            pc_id="running",
            result_id="R2",
            exit_code=-1,
            stderr="killed by remote signal (kill.X)",
        ),
    )
    await host.settle()
    execution, targets = await detail(host, "X")
    assert (execution["status"], targets["running"]) == ("completed", "killed")
    assert heard == ["kill.X"]
    kills = [json.loads(body) for subject, body in await host.stream_messages("AUDIT") if ".kill." in subject]
    assert [(one["target"], one["payload"]["sub"]) for one in kills] == [("X", "alice")]
    await service(host).gone(["X-waiting"])
    assert await service(host).unwanted() == []
    assert await service(host).open_executions("echo") == []


async def test_kill_withdraws_what_was_not_sent(host: Any) -> None:
    later = host.clock.now() + 3600
    fire = fire_of("X", ["now", "later"], batches=(Batch(1), Batch(1, later)))
    await service(host).fire(fire)
    await host.settle()
    assert await subjects(host) == ["commands.pc.now"]
    assert await service(host).kill(["X"], None) == [("commands.pc.now", "X-now")]
    assert (await host.rows("SELECT count(*) FROM host_outbox WHERE message_id LIKE 'command-%'"))[0][0] == 0


async def test_kill_of_a_broadcast_that_nobody_is_expected_to_get(host: Any) -> None:
    await service(host).fire(for_all("X", ()))
    await host.settle()
    assert await service(host).open_executions("echo") == ["X"]
    assert await service(host).kill(["X"], None) == [("commands.all", "X-all")]
    assert (await detail(host, "X"))[0]["status"] == "pending"


async def test_kill_reaches_runs_without_an_execution(host: Any, evt: Any) -> None:
    await host.publish("events.started.S.pc1", evt(exec_id="S", manifest_id="echo"))
    await host.settle()
    assert await service(host).open_executions("echo") == ["S"]
    assert await service(host).kill(["S", "not a subject"], None) == []
    await host.settle()


async def test_revoke_ends_who_waits_without_a_kill(host: Any) -> None:
    await service(host).fire(fire_of("X", ["a"]))
    await service(host).fire(fire_of("Y", ["a"], job="other"))
    await host.settle()
    assert await service(host).revoke("echo") == [("commands.pc.a", "X-a")]
    assert (await detail(host, "X"))[1] == {"a": "skipped"}
    assert (await detail(host, "Y"))[1] == {"a": "waiting"}
    assert await service(host).revoke("echo") == []


async def test_a_fire_supersedes_what_nobody_has_received(host: Any, evt: Any) -> None:
    await service(host).fire(fire_of("X", ["a", "b"]))
    await host.settle()
    await host.publish("events.started.X.a", evt(exec_id="X", pc_id="a"))
    await host.settle()
    await service(host).fire(fire_of("Y", ["a", "b"], supersedes="X"))
    await host.settle()
    assert (await detail(host, "X"))[1] == {"a": "running", "b": "superseded"}
    assert (await detail(host, "Y"))[1] == {"a": "waiting", "b": "waiting"}
    assert await service(host).unwanted() == [("commands.pc.b", "X-b")]


async def test_recent(host: Any, res: Any, evt: Any) -> None:
    for number, code in enumerate([0, 0, 1]):
        await host.publish("results.q", res(result_id=f"r{number}", exit_code=code))
    await host.publish("events.started.X.a", evt(result_id="e"))
    await host.settle()
    now = host.clock.now()
    assert await service(host).recent(now - 60) == (4, 1)
    assert await service(host).recent(now + 60) == (0, 0)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks small enough that ten targets take several."""
    monkeypatch.setattr("kanade_host_results.staging.COMMANDS_AT_ONCE", 3)
    monkeypatch.setattr("kanade_host_results.staging.TARGETS_AT_ONCE", 3)
    monkeypatch.setattr("kanade_host_results.staging._CHUNK", 3)
    monkeypatch.setattr("kanade_host_results.withdrawing.CHUNK", 3)


async def test_a_large_fire_goes_out_whole(host: Any, small: None) -> None:
    pcs = [f"pc-{number}" for number in range(10)]
    await service(host).fire(fire_of("X", pcs))
    await service(host).fire(fire_of("X", pcs))
    await host.until(lambda: gone(host), what="the staged commands go out")
    await host.settle()
    assert await subjects(host) == [f"commands.pc.{pc}" for pc in pcs]
    execution, targets = await detail(host, "X")
    assert execution["states"]["waiting"] == len(targets) == 10
    assert len(await service(host).kill(["X"], None)) == 10
    assert set((await detail(host, "X"))[1].values()) == {"killed"}
    assert (await detail(host, "X"))[0]["status"] == "completed"


async def gone(host: Any) -> bool:
    return not (await host.rows("SELECT 1 FROM execution_fires"))


async def test_a_large_fire_is_superseded_whole(host: Any, small: None) -> None:
    pcs = [f"pc-{number}" for number in range(10)]
    await service(host).fire(fire_of("X", pcs))
    await service(host).fire(fire_of("Y", ["pc-0"], supersedes="X"))

    async def all_superseded() -> bool:
        return set((await detail(host, "X"))[1].values()) == {"superseded"}

    await host.until(all_superseded, what="everything is superseded")


async def test_what_was_staged_without_a_row_was_never_promised(host: Any, small: None) -> None:
    """As after a crash in the middle of staging."""
    from kanade_host_results.batches import batch_numbers
    from kanade_host_results.firing import _targets
    from kanade_host_results.staging import stage

    ctx = host.running.app.running["results"].ctx
    fire = fire_of("X", [f"pc-{number}" for number in range(10)])
    await stage(ctx, fire, _targets(fire), batch_numbers(fire), ctx.clock.now())
    await host.restart()
    await host.until(lambda: gone(host), what="the leftover goes")
    assert await host.rows("SELECT 1 FROM execution_targets UNION ALL SELECT 1 FROM execution_staged") == []
    await host.settle()
    assert await subjects(host) == []


async def test_five_thousand_commands_in_one_transaction(host: Any) -> None:
    pcs = [f"pc-{number:05d}" for number in range(COMMANDS_AT_ONCE)]
    await service(host).fire(fire_of("X", pcs))
    assert await host.rows("SELECT 1 FROM execution_fires") == []
    page = (await host.get("/api/executions/X?targets_limit=2&targets_after=pc-00001")).json()
    assert [target["pc_id"] for target in page["targets"]] == ["pc-00002", "pc-00003"]
    assert page["targets_after"] == "pc-00003"
    await host.settle()
    assert len(await service(host).kill(["X"], None)) == COMMANDS_AT_ONCE


def test_when_targets_expire() -> None:
    from kanade_host_results.firing import _expires_at

    at = Instant.parse("2026-11-24T10:00:00Z")
    week = 7 * 86_400
    table = [
        ({}, at + week),
        ({"deadline_at": at + 60}, at + 660),
        ({"deadline_at": at + 2 * week}, at + week),
        ({"batches": (Batch(1), Batch(1, at + 3600))}, at + (week + 3600)),
        ({"batches": (Batch(1), Batch(1)), "pause_secs": 60.0}, at + (week + 60)),
    ]
    for changes, expected in table:
        assert _expires_at(fire_of("X", ["a", "b"], **changes), at) == expected
