"""Groups for a fleet that has none: site, department, and a few canaries."""

from __future__ import annotations

import asyncio

import nats.errors
from nats.js import JetStreamContext
from nats.js.errors import Error as JetStreamError
from nats.js.errors import KeyWrongLastSequenceError

from kanade_host.plugin import encode
from kanade_host_simulator.agent import Agent
from kanade_host_simulator.mirrors import Mirror

AT_ONCE = 32


async def assign_groups(js: JetStreamContext, stored: Mirror, agents: list[Agent]) -> None:
    """Write a row for each agent that has none; what an operator put there stays."""
    await stored.complete.wait()
    waiting = [agent for agent in agents if agent.pc_id not in stored.values]
    bucket = await js.key_value(stored.bucket)
    places = asyncio.Semaphore(AT_ONCE)

    async def write(agent: Agent) -> None:
        body = encode({"groups": agent.machine.groups})
        async with places:
            for pause in (0.5, 2.0, 5.0, 15.0):
                try:
                    await bucket.create(agent.pc_id, body)
                    return
                except KeyWrongLastSequenceError:
                    return
                except (nats.errors.Error, JetStreamError, TimeoutError):
                    await asyncio.sleep(pause)

    await asyncio.gather(*(write(agent) for agent in waiting))
