"""The agents' durables on EXEC: narrowed, so that each command is delivered where it belongs."""

from __future__ import annotations

import json
from typing import Any

import kanade_host_jobs.replay_durables as replay_module
import pytest
from kanade_host_jobs.replay_filters import durable_of
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

pytestmark = pytest.mark.kanade(plugins=["results", "heartbeat", "fleet", "jobs"])

JOB = {"id": "echo", "version": "1", "execute": {"shell": "cmd", "script": "x", "timeout": "30s"}}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often enough for a test."""
    monkeypatch.setattr(replay_module, "LOOK_SECONDS", 0.05)


async def agents(host: Any, *pc_ids: str) -> None:
    for pc_id in pc_ids:
        beat = {"pc_id": pc_id, "at": host.clock.now().wire, "agent_version": "0.43.25"}
        await host.publish("heartbeat.x", beat)
    await host.settle()


async def durables(host: Any) -> dict[str, list[str]]:
    """Name to filters, of all agents' durables."""
    found, offset = {}, 0
    while True:
        page = await host.broker.api("CONSUMER.LIST.EXEC", json.dumps({"offset": offset}).encode())
        for one in page["consumers"] or []:
            config = one["config"]
            found[one["name"]] = config.get("filter_subjects") or [config["filter_subject"]]
        offset += len(page["consumers"] or [])
        if not page["consumers"] or offset >= page["total"]:
            return found


async def become(host: Any, wanted: dict[str, list[str]]) -> None:
    async def equal() -> bool:
        return await durables(host) == {durable_of(pc_id): filters for pc_id, filters in wanted.items()}

    try:
        await host.until(equal)
    except AssertionError:
        raise AssertionError(await durables(host)) from None


async def agents_own(host: Any, pc_id: str) -> None:
    """The durable as the agent makes it when there is none."""
    config = ConsumerConfig(
        durable_name=durable_of(pc_id),
        ack_policy=AckPolicy.EXPLICIT,
        deliver_policy=DeliverPolicy.LAST_PER_SUBJECT,
        filter_subject="commands.>",
    )
    await (await host.broker.client()).jetstream().add_consumer("EXEC", config)


async def received(host: Any, pc_id: str, most: int = 10) -> list[dict[str, Any]]:
    """What an agent gets when it comes back: it binds its durable and takes what there is."""
    js = (await host.broker.client()).jetstream()
    subscription = await js.pull_subscribe_bind(durable_of(pc_id), "EXEC")
    try:
        messages = await subscription.fetch(most, timeout=0.5)
    except TimeoutError:
        return []
    for message in messages:
        await message.ack_sync()
    await subscription.unsubscribe()
    return [json.loads(message.data) for message in messages]


def own(pc_id: str, *groups: str) -> list[str]:
    return sorted(["commands.all", f"commands.pc.{pc_id}", *(f"commands.group.{group}" for group in groups)])


async def fire(host: Any, **target: Any) -> dict[str, Any]:
    answer = await host.post("/api/exec/echo", json={"target": target})
    assert answer.status == 200, answer.text
    await host.settle()
    found: dict[str, Any] = answer.json()
    return found


async def test_durables_are_made_changed_and_removed(host: Any) -> None:
    await agents_own(host, "pc-2")
    await agents(host, "pc-1", "pc-2", "a b")
    await become(host, {"pc-1": own("pc-1"), "pc-2": own("pc-2")})
    groups = await host.kv("agent_groups")
    await groups.put("pc-1", b'{"groups":["g","h"]}')
    await become(host, {"pc-1": own("pc-1", "g", "h"), "pc-2": own("pc-2")})
    await groups.put("pc-1", b'{"groups":[]}')
    await become(host, {"pc-1": own("pc-1"), "pc-2": own("pc-2")})
    await agents_own(host, "pc-3")
    await agents(host, "pc-3")
    await become(host, {name: own(name) for name in ("pc-1", "pc-2", "pc-3")})
    js = (await host.broker.client()).jetstream()
    await js.delete_consumer("EXEC", durable_of("pc-1"))
    await become(host, {name: own(name) for name in ("pc-1", "pc-2", "pc-3")})


async def test_ids_that_become_one_name(host: Any) -> None:
    await agents(host, "PC.1", "PC_1")
    both = ["commands.all", "commands.pc.PC.1", "commands.pc.PC_1"]
    await become(host, {"PC.1": both})


async def test_after_a_reset(host: Any) -> None:
    await agents(host, "pc-1", "pc-2")
    await become(host, {"pc-1": own("pc-1"), "pc-2": own("pc-2")})
    js = (await host.broker.client()).jetstream()
    config = (await js.stream_info("EXEC")).config
    await js.delete_stream("EXEC")
    await js.add_stream(config)
    await agents_own(host, "pc-2")
    await become(host, {"pc-1": own("pc-1"), "pc-2": own("pc-2")})


@pytest.mark.kanade(settings={"jobs": {"replay_durables": False}})
async def test_switched_off_they_are_as_agents_make_them(host: Any) -> None:
    js = (await host.broker.client()).jetstream()
    config = ConsumerConfig(
        durable_name=durable_of("pc-1"),
        ack_policy=AckPolicy.EXPLICIT,
        deliver_policy=DeliverPolicy.LAST_PER_SUBJECT,
        filter_subjects=own("pc-1"),
    )
    await js.add_consumer("EXEC", config)
    await agents_own(host, "pc-2")
    await agents(host, "pc-1", "pc-2", "pc-3")
    await become(host, {"pc-1": ["commands.>"], "pc-2": ["commands.>"]})


async def test_an_agent_that_was_away_gets_every_command_once(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    await agents_own(host, "pc-2")
    await agents(host, "pc-1", "pc-2")
    await become(host, {"pc-1": own("pc-1"), "pc-2": own("pc-2")})
    fired = [await fire(host, pcs=["pc-1", "pc-2"]) for _ in range(3)]
    fired.append(await fire(host, all=True))
    await fire(host, pcs=["pc-3"])
    for pc_id in ("pc-1", "pc-2"):
        got = await received(host, pc_id)
        assert [command["exec_id"] for command in got] == [one["exec_id"] for one in fired]
    await (await host.kv("agent_groups")).put("pc-1", b'{"groups":["g"]}')
    await become(host, {"pc-1": own("pc-1", "g"), "pc-2": own("pc-2")})
    for pc_id in ("pc-1", "pc-2"):
        assert await received(host, pc_id) == []  # narrowing delivers nothing again
    last = await fire(host, pcs=["pc-1"])
    assert [command["exec_id"] for command in await received(host, "pc-1")] == [last["exec_id"]]


async def test_as_many_deliveries_as_targets(host: Any) -> None:
    names = [f"pc-{n:02}" for n in range(40)]
    await host.post("/api/jobs", json=JOB)
    await agents(host, *names)
    for name in names[:10]:
        if durable_of(name) not in await durables(host):
            await agents_own(host, name)
    await become(host, {name: own(name) for name in names})
    await fire(host, pcs=names)
    page = await host.broker.api("CONSUMER.LIST.EXEC", b"")
    assert [one["num_pending"] for one in page["consumers"]] == [1] * len(names)
    await host.post("/api/jobs/echo/kill")

    async def nothing() -> bool:
        page = await host.broker.api("CONSUMER.LIST.EXEC", b"")
        return all(one["num_pending"] == 0 for one in page["consumers"])

    await host.until(nothing)
    for name in names[:3]:
        assert await received(host, name) == []


async def test_durables_outlive_a_database_that_was_lost(host: Any) -> None:
    await agents(host, "pc-1")
    await become(host, {"pc-1": own("pc-1")})
    await host.stop()
    for file in host.folder.glob("backend.db*"):
        file.unlink()
    await host.start()
    await agents(host, "pc-2")
    await become(host, {"pc-1": own("pc-1"), "pc-2": own("pc-2")})


@pytest.mark.kanade(plugins=["results", "jobs"])
async def test_without_heartbeats_nothing_is_touched(host: Any) -> None:
    await agents_own(host, "pc-1")
    await host.settle()
    assert await durables(host) == {durable_of("pc-1"): ["commands.>"]}
