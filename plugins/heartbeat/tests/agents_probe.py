"""A plugin of the tests: asks the service `heartbeat.agents` what its route is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kanade_host_heartbeat.api import Agents

from kanade_host.plugin import Instant, Request, Route, Settings, hookimpl


async def ask(request: Request) -> Any:
    agents = request.ctx.service("heartbeat.agents", Agents)  # type: ignore[type-abstract]
    argument = request.query.get("of", [])
    match request.path["call"]:
        case "known":
            return await agents.known()
        case "alive":
            return await agents.alive(Instant.parse(argument[0]))
        case "online":
            return await agents.online()
        case "counts":
            return await agents.counts(Instant.parse(argument[0]))
        case _:
            return await agents.hostnames(argument)


@hookimpl
def kanade_routes(settings: Settings) -> Sequence[Route]:
    return [Route("GET", "/api/agents_probe/{call}", ask, None, "Ask the service")]
