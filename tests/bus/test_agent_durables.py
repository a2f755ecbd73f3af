"""Agents bind the durable `agent_replay_<id>` whatever its filter, so the host may narrow it.

With the filter `commands.>` every command goes to every agent: 500 targets in 500 agents are 250,000
deliveries. These tests show what nats-server does when the filter of a live durable changes, made by
the agent before or by us, with the agent's pull request open.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import nats
import pytest
from nats.aio.client import Client as NatsClient
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from kanade_host.bus.broker import EmbeddedBroker
from kanade_host.bus.bus import NatsBus
from kanade_host.plugin.errors import ApiError

NAME = "agent_replay_PC_1"
NARROW = ["commands.all", "commands.pc.PC.1"]


async def as_the_agent_makes_it(foreign: NatsClient) -> None:
    await foreign.jetstream().add_consumer(
        "EXEC",
        ConsumerConfig(
            durable_name=NAME,
            deliver_policy=DeliverPolicy.LAST_PER_SUBJECT,
            ack_policy=AckPolicy.EXPLICIT,
            filter_subject="commands.>",
        ),
    )


async def narrow(bus: NatsBus, subjects: list[str], action: str = "update") -> dict[str, Any]:
    """Change (or make) the durable as the host does: everything as it is but the filter."""
    try:
        config = (await bus.api(f"CONSUMER.INFO.EXEC.{NAME}"))["config"]
    except ApiError:
        config = {
            "durable_name": NAME,
            "name": NAME,
            "ack_policy": "explicit",
            "deliver_policy": "last_per_subject",
        }
    config.pop("filter_subject", None)
    body = {"stream_name": "EXEC", "config": config | {"filter_subjects": subjects}, "action": action}
    return await bus.api(f"CONSUMER.CREATE.EXEC.{NAME}", msgspec.json.encode(body))


class Agent:
    """Binds the durable and pulls, as upstream's agent does: one long request, acknowledged on receipt."""

    def __init__(self, broker: EmbeddedBroker) -> None:
        self._broker = broker
        self.got: list[str] = []
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        client = await nats.connect(self._broker.url, token=self._broker.token)
        try:
            await self._pull(client)
        finally:
            await client.close()  # and with it the open request, as when a PC is switched off

    async def _pull(self, client: NatsClient) -> None:
        subscription = await client.jetstream().pull_subscribe_bind(NAME, "EXEC")
        while True:
            try:
                for message in await subscription.fetch(1, timeout=30):
                    await message.ack()
                    self.got.append(f"{message.subject}={message.data.decode()}")
            except TimeoutError:
                continue

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@pytest.fixture
async def agent(bus: NatsBus, foreign: NatsClient, broker: EmbeddedBroker) -> AsyncIterator[Agent]:
    await bus.publish("commands.all", b"old")
    await bus.publish("commands.pc.PC.1", b"old")
    await bus.publish("commands.pc.other", b"old")
    await as_the_agent_makes_it(foreign)
    agent = Agent(broker)
    while len(agent.got) < 3:
        await asyncio.sleep(0.005)
    agent.got.clear()
    yield agent
    await agent.stop()


async def test_narrowing_a_live_durable_redelivers_nothing_and_goes_on(
    bus: NatsBus, agent: Agent, eventually
) -> None:
    made = await narrow(bus, NARROW)
    assert made["config"]["filter_subjects"] == NARROW
    await bus.publish("commands.pc.other", b"new")
    await bus.publish("commands.pc.PC.1", b"new")
    await bus.publish("commands.group.g", b"new")
    await bus.publish("commands.all", b"new")
    await eventually(lambda: len(agent.got) >= 2)
    assert agent.got == ["commands.pc.PC.1=new", "commands.all=new"]


async def test_a_new_group_brings_nothing_old(bus: NatsBus, agent: Agent, eventually) -> None:
    """Commands to a group that were sent before the PC joined it stay unheard."""
    await narrow(bus, NARROW)
    await bus.publish("commands.group.g", b"before")
    await bus.publish("commands.all", b"after that")
    await eventually(lambda: agent.got == ["commands.all=after that"])
    await narrow(bus, [*NARROW, "commands.group.g"])
    await bus.publish("commands.group.g", b"joined")
    await eventually(lambda: len(agent.got) >= 2)
    assert agent.got == ["commands.all=after that", "commands.group.g=joined"]


async def test_what_came_while_the_agent_was_away_is_delivered_after_narrowing(
    bus: NatsBus, agent: Agent, broker: EmbeddedBroker, eventually
) -> None:
    await agent.stop()
    while (await bus.api(f"CONSUMER.INFO.EXEC.{NAME}"))["num_waiting"]:
        await asyncio.sleep(0.005)  # else the first command goes to a connection that is about to end
    for number in range(3):
        await bus.publish("commands.pc.PC.1", b"%d" % number)
        await bus.publish("commands.pc.other", b"%d" % number)
    # The broker's count of pending messages is too low after this (1, not 3); its deliveries are whole.
    await narrow(bus, NARROW)
    again = Agent(broker)
    await eventually(lambda: len(again.got) >= 3)
    assert again.got == [f"commands.pc.PC.1={number}" for number in range(3)]
    await again.stop()


async def test_unacknowledged_commands_stay_due_after_narrowing(bus: NatsBus, foreign: NatsClient) -> None:
    await bus.publish("commands.pc.PC.1", b"1")
    await as_the_agent_makes_it(foreign)
    subscription = await foreign.jetstream().pull_subscribe_bind(NAME, "EXEC")
    await subscription.fetch(1, timeout=30)
    await narrow(bus, NARROW)
    info = await bus.api(f"CONSUMER.INFO.EXEC.{NAME}")
    assert info["num_ack_pending"] == 1


async def test_an_agent_binds_what_the_host_made_for_it(
    bus: NatsBus, broker: EmbeddedBroker, eventually
) -> None:
    for number in range(3):
        await bus.publish("commands.pc.PC.1", b"%d" % number)
    await bus.publish("commands.pc.other", b"x")
    await narrow(bus, NARROW, action="create")
    agent = Agent(broker)
    await bus.publish("commands.all", b"later")
    await eventually(lambda: len(agent.got) >= 2)
    # Last per subject applies to what was there when the durable was made, and to nothing after.
    assert agent.got == ["commands.pc.PC.1=2", "commands.all=later"]
    await agent.stop()


async def test_two_pcs_with_one_durable_name_get_the_union(bus: NatsBus, agent: Agent, eventually) -> None:
    """`PC.1` and `PC_1` share `agent_replay_PC_1` (wire.md 3.2)."""
    await narrow(bus, [*NARROW, "commands.pc.PC_1"])
    await bus.publish("commands.pc.PC_1", b"a")
    await bus.publish("commands.pc.PC.1", b"b")
    await eventually(lambda: len(agent.got) >= 2)
    assert agent.got == ["commands.pc.PC_1=a", "commands.pc.PC.1=b"]


async def test_overlapping_filters_are_refused(bus: NatsBus, agent: Agent) -> None:
    """So a filter is made of exact subjects: a wildcard beside them would be an error."""
    with pytest.raises(ApiError) as refused:
        await narrow(bus, ["commands.all", "commands.>"])
    assert refused.value.err_code == 10138


async def test_deliveries_follow_the_targets_not_their_square(bus: NatsBus) -> None:
    """20 agents, 20 targets: 20 deliveries to be made, where `commands.>` would be 400."""
    for number in range(20):
        name = f"agent_replay_pc-{number}"
        config = {
            "durable_name": name, "name": name,
            "ack_policy": "explicit", "deliver_policy": "last_per_subject",
            "filter_subjects": ["commands.all", f"commands.pc.pc-{number}"],
        }  # fmt: skip
        body = {"stream_name": "EXEC", "config": config, "action": "create"}
        await bus.api(f"CONSUMER.CREATE.EXEC.{name}", msgspec.json.encode(body))
    for number in range(20):
        await bus.publish(f"commands.pc.pc-{number}", b"x")
    pending = [
        (await bus.api(f"CONSUMER.INFO.EXEC.agent_replay_pc-{number}"))["num_pending"] for number in range(20)
    ]
    assert pending == [1] * 20
