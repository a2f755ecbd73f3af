"""Kill and revoke: what runs is killed, what was not delivered is deleted from EXEC."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import kanade_host_jobs.killed as killed_module
import kanade_host_jobs.undelivered as undelivered_module
import pytest
from kanade_host_jobs.undelivered import Undelivered

from kanade_host.plugin import ApiError

pytestmark = pytest.mark.kanade(plugins=["results", "jobs"])

JOB = {"id": "echo", "version": "1", "execute": {"shell": "cmd", "script": "x", "timeout": "30s"}}


async def job(host: Any, id: str = "echo") -> None:
    assert (await host.post("/api/jobs", json=JOB | {"id": id})).status == 200


async def fire(host: Any, id: str = "echo", **target: Any) -> str:
    answer = await host.post(f"/api/exec/{id}", json={"target": target})
    assert answer.status == 200, answer.text
    exec_id: str = answer.json()["exec_id"]
    return exec_id


async def waiting(host: Any) -> list[tuple[str, str]]:
    """Subject and exec id of what lies in EXEC."""
    found = await host.stream_messages("EXEC")
    return [(subject, json.loads(body)["exec_id"]) for subject, body in found]


async def start_of(host: Any, exec_id: str, pc_id: str) -> None:
    body = {
        "exec_id": exec_id,
        "request_id": f"r-{pc_id}",
        "result_id": f"result-{exec_id}-{pc_id}",
        "pc_id": pc_id,
        "manifest_id": "echo",
        "version": "1",
        "started_at": host.clock.now().wire,
    }
    await host.publish(f"events.started.{exec_id}.{pc_id}", body)


class Kills:
    """Who was told to stop."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def listen(self, host: Any) -> None:
        nc = await host.broker.client()

        async def on_kill(message: Any) -> None:
            assert message.data == b""
            self.seen.append(message.subject)

        await nc.subscribe("kill.>", cb=on_kill)
        for _ in range(2):  # nats-py may send the first ping ahead of the subscription
            await nc.flush()


async def test_kill_ends_what_runs_and_deletes_what_waits(host: Any) -> None:
    kills = Kills()
    await kills.listen(host)
    await job(host)
    await job(host, "other")
    first = await fire(host, pcs=["pc-1", "pc-2"])
    second = await fire(host, pcs=["pc-1"])
    broadcast = await fire(host, all=True)
    other = await fire(host, "other", pcs=["pc-1"])
    await host.settle()
    await start_of(host, first, "pc-2")
    await host.settle()
    assert (await host.post("/api/jobs/echo/kill", role="operator")).status == 204

    async def only_others() -> bool:
        # What pc-2 has begun was delivered: its command may stay.
        left = set(await waiting(host))
        return left <= {("commands.pc.pc-1", other), ("commands.pc.pc-2", first)}

    await host.until(only_others)
    assert ("commands.pc.pc-1", other) in await waiting(host)
    await host.settle()
    assert sorted(kills.seen) == sorted(f"kill.{id}" for id in (first, second, broadcast))
    states = await host.rows("SELECT exec_id, pc_id, state FROM execution_targets")
    assert {(row["exec_id"], row["pc_id"]): row["state"] for row in states} == {
        (first, "pc-1"): "killed",
        (first, "pc-2"): "running",
        (second, "pc-1"): "killed",
        (other, "pc-1"): "waiting",
    }
    records = [
        json.loads(body) for subject, body in await host.stream_messages("AUDIT") if ".kill." in subject
    ]
    assert {record["target"] for record in records} == {first, second, broadcast}


async def test_nothing_to_kill(host: Any) -> None:
    for id in ("unknown", "adhoc-run", "a%20b"):
        answer = await host.post(f"/api/jobs/{id}/kill")
        assert (answer.status, answer.text) == (204, "")


async def test_a_kill_needs_the_broker(host: Any) -> None:
    await job(host)
    exec_id = await fire(host, pcs=["pc-1"])
    await host.settle()
    await host.broker.stop()
    assert (await host.post("/api/jobs/echo/kill")).status == 503
    [row] = await host.rows("SELECT state FROM execution_targets WHERE exec_id = ?", (exec_id,))
    assert row["state"] == "waiting"


async def test_what_starts_after_its_kill_is_killed_again(host: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(killed_module, "AGAIN_SECONDS", 0.1)
    kills = Kills()
    await kills.listen(host)
    await job(host)
    exec_id, spared = await fire(host, pcs=["pc-1"]), ""
    await host.settle()
    await host.post("/api/jobs/echo/kill")
    spared = await fire(host, pcs=["pc-2"])
    await host.settle()
    assert kills.seen == [f"kill.{exec_id}"]
    for _ in range(2):  # now, and by a host that was started anew since

        async def listening() -> bool:
            tasks = {task.get_name() for task in asyncio.all_tasks()}
            return f"jobs: starts of {exec_id}" in tasks

        await host.until(listening)
        kills.seen.clear()

        async def killed_twice() -> bool:
            if not kills.seen:
                await start_of(host, exec_id, "pc-1")
                await start_of(host, spared, "pc-2")
            return len(kills.seen) >= 2

        await host.until(killed_twice)
        assert set(kills.seen) == {f"kill.{exec_id}"}
        await host.restart()


async def test_killed_executions_are_forgotten_after_a_day(host: Any) -> None:
    await job(host)
    await fire(host, pcs=["pc-1"])
    await host.post("/api/jobs/echo/kill")
    assert len(await host.rows("SELECT * FROM jobs_killed")) == 1
    host.clock.advance(90_000)
    exec_id = await fire(host, pcs=["pc-1"])
    await host.post("/api/jobs/echo/kill")

    async def one() -> bool:
        return [row["exec_id"] for row in await host.rows("SELECT exec_id FROM jobs_killed")] == [exec_id]

    await host.until(one)


async def test_a_broker_that_refuses_is_asked_again(host: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(undelivered_module, "RETRY_SECONDS", (0.05,))
    delete, refusals = Undelivered._delete, [1, 2, 3]

    async def refused_at_first(self: Undelivered, sequence: int) -> None:
        if refusals and sequence > 1:
            refusals.pop()
            raise ApiError(500, 10057, "try later") from None
        await delete(self, sequence)

    monkeypatch.setattr(Undelivered, "_delete", refused_at_first)
    await job(host)
    for _ in range(3):
        await fire(host, pcs=["pc-1"])
    await host.settle()
    await host.post("/api/jobs/echo/kill")

    async def gone() -> bool:
        return await waiting(host) == []

    await host.until(gone)
    assert refusals == []


async def test_a_host_that_is_started_anew_deletes_what_is_left(host: Any, monkeypatch: Any) -> None:
    await host.stop()
    with monkeypatch.context() as paused:

        async def never(self: Undelivered) -> None:
            await asyncio.sleep(3600)

        paused.setattr(Undelivered, "run", never)
        await host.start()
        await job(host)
        await fire(host, pcs=["pc-1"])
        await fire(host, all=True)
        await host.settle()
        await host.post("/api/jobs/echo/kill")
        await host.stop()
    assert len(await waiting(host)) == 2
    await host.start()

    async def gone() -> bool:
        return await waiting(host) == []

    await host.until(gone)


async def test_revoking(host: Any) -> None:
    await job(host)
    await job(host, "other")
    exec_id = await fire(host, pcs=["pc-1", "pc-2"])
    other = await fire(host, "other", pcs=["pc-1"])
    await host.settle()
    await start_of(host, exec_id, "pc-2")
    await host.settle()
    answer = await host.post("/api/scripts/echo/revoke", role="operator", data=b"ignored")
    assert (answer.status, answer.text) == (204, "")
    assert (await host.get("/api/scripts/status", role="viewer")).json() == {"echo": "REVOKED"}
    assert (await (await host.kv("script_status")).get("echo")).value == b"REVOKED"

    async def only_others() -> bool:
        return set(await waiting(host)) <= {("commands.pc.pc-1", other), ("commands.pc.pc-2", exec_id)}

    await host.until(only_others)
    states = await host.rows("SELECT pc_id, state FROM execution_targets WHERE exec_id = ?", (exec_id,))
    assert {row["pc_id"]: row["state"] for row in states} == {"pc-1": "skipped", "pc-2": "running"}
    assert (await host.post("/api/scripts/echo/unrevoke")).status == 204
    assert (await host.get("/api/scripts/status")).json() == {"echo": "ACTIVE"}
    await host.settle()
    actions = [subject for subject, _ in await host.stream_messages("AUDIT")]
    assert [one for one in actions if "revoke" in one] == [
        "audit.operator.revoke.echo",
        "audit.operator.unrevoke.echo",
    ]


async def test_ids_need_not_exist_and_others_write_too(host: Any) -> None:
    assert (await host.get("/api/scripts/status")).text == "{}"
    assert (await host.post("/api/scripts/ghost/revoke")).status == 204
    await (await host.kv("script_status")).put("cli", b"REVOKED")
    await (await host.kv("script_status")).put("odd", b"\xff")

    async def all_three() -> bool:
        found = (await host.get("/api/scripts/status")).json()
        return bool(found == {"cli": "REVOKED", "ghost": "REVOKED", "odd": "\ufffd"})

    await host.until(all_three)


async def test_states_that_cannot_be_written(host: Any) -> None:
    for action in ("revoke", "unrevoke"):
        answer = await host.post(f"/api/scripts/a%20b/{action}")
        assert (answer.status, answer.text) == (
            400,
            "write script_status for a b: key cannot be empty or start/end with `.`",
        )
    js = (await host.broker.client()).jetstream()
    await js.delete_stream("KV_script_status")
    answer = await host.post("/api/scripts/a/revoke")
    assert answer.status == 503
    assert answer.text.startswith("script_status KV bucket unavailable: ")
