"""Groups for a fleet that has none: site, department, and a few canaries."""

from __future__ import annotations

import asyncio

import nats.errors
from nats.js import JetStreamContext
from nats.js.errors import BadRequestError
from nats.js.errors import Error as JetStreamError

from kanade_host.plugin import encode, marked
from kanade_host_simulator.agent import Agent
from kanade_host_simulator.mirrors import Mirror

AT_ONCE = 32
WRONG_LAST_SEQUENCE = 10071
"""Somebody wrote that key before."""


async def assign_groups(js: JetStreamContext, stored: Mirror, agents: list[Agent]) -> None:
    """Write a row for each agent that has none; what an operator put there stays.

    Marked as the host's own: a fleet that is made up is no deed of anybody.
    """
    await stored.complete.wait()
    waiting = [agent for agent in agents if agent.pc_id not in stored.values]
    headers = marked({"Nats-Expected-Last-Subject-Sequence": "0"})
    places = asyncio.Semaphore(AT_ONCE)

    async def write(agent: Agent) -> None:
        body = encode({"groups": agent.machine.groups})
        async with places:
            for pause in (0.5, 2.0, 5.0, 15.0):
                try:
                    await js.publish(f"$KV.{stored.bucket}.{agent.pc_id}", body, headers=headers)
                    return
                except BadRequestError as error:
                    if error.err_code == WRONG_LAST_SEQUENCE:
                        return
                    await asyncio.sleep(pause)
                except (nats.errors.Error, JetStreamError, TimeoutError):
                    await asyncio.sleep(pause)

    await asyncio.gather(*(write(agent) for agent in waiting))
