"""Commands that an agent missed while it was away.

Some agents read a durable `agent_replay_<id>` of their own as real ones do (`contract/clients.md` 4.5):
it stays open and delivers everything, beside the core subscription. The others ask the stream for what
came on their subjects since they left, which costs the broker nothing while they are online.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import nats.errors
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError

from kanade_host_simulator.agent import Agent

STREAM = "EXEC"
FETCH_SECONDS = 5.0
_Deliver = Callable[[Agent, str, bytes], None]


def durable_name(pc_id: str) -> str:
    return "agent_replay_" + re.sub(r"[^A-Za-z0-9_-]", "_", pc_id)


async def read_durable(js: JetStreamContext, agent: Agent, deliver: _Deliver) -> None:
    """Until cancelled. Messages are acknowledged before they are handled."""
    pause = 1.0
    while True:
        try:
            await _ensure(js, agent)
            reader = await js.pull_subscribe_bind(consumer=durable_name(agent.pc_id), stream=STREAM)
            pause = 1.0
            while True:
                if not agent.online:
                    await asyncio.sleep(0.5)
                    continue
                try:
                    messages = await reader.fetch(batch=20, timeout=FETCH_SECONDS)
                except nats.errors.TimeoutError:
                    continue
                for message in messages:
                    if agent.online:
                        await message.ack()
                        deliver(agent, message.subject, message.data)
                    else:  # it left while this was on its way
                        await message.nak()
                if not messages:
                    break  # the consumer is gone: make it anew
        except (nats.errors.Error, JetStreamError, TimeoutError):
            pass
        await asyncio.sleep(pause)
        pause = min(60.0, pause * 2)


async def _ensure(js: JetStreamContext, agent: Agent) -> None:
    """Bind to what exists, whatever its settings: the backend narrows the filters."""
    try:
        await js.consumer_info(STREAM, durable_name(agent.pc_id))
    except NotFoundError:
        config = ConsumerConfig(
            durable_name=durable_name(agent.pc_id),
            ack_policy=AckPolicy.EXPLICIT,
            deliver_policy=DeliverPolicy.LAST_PER_SUBJECT,
            filter_subject="commands.>",
        )
        await js.add_consumer(STREAM, config)


async def last_sequence(js: JetStreamContext) -> int | None:
    """Where EXEC stands now; None when it cannot be asked."""
    try:
        return (await js.stream_info(STREAM)).state.last_seq
    except (nats.errors.Error, JetStreamError, TimeoutError):
        return None


async def catch_up(js: JetStreamContext, agent: Agent, subjects: list[str], deliver: _Deliver) -> None:
    """Deliver what lies on those subjects after the sequence at which the agent left."""
    for subject in subjects:
        sequence = (agent.away_at or 0) + 1
        while True:
            try:
                message = await js.get_msg(STREAM, seq=sequence, subject=subject, next=True)
            except (nats.errors.Error, JetStreamError, TimeoutError):
                break
            deliver(agent, message.subject or subject, message.data or b"")
            sequence = (message.seq or sequence) + 1
    agent.away_at = None
