"""A plugin of the tests: asks the service `fleet.groups` what its route is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kanade_host_fleet.api import Groups

from kanade_host.plugin import Request, Route, Settings, hookimpl


async def ask(request: Request) -> Any:
    groups = request.ctx.service("fleet.groups", Groups)  # type: ignore[type-abstract]
    match request.path["call"]:
        case "members":
            return await groups.members(request.query["of"][0])
        case "groups_of":
            return await groups.groups_of(request.query["of"][0])
        case _:
            return groups.snapshot()


@hookimpl
def kanade_routes(settings: Settings) -> Sequence[Route]:
    return [Route("GET", "/api/groups_probe/{call}", ask, None, "Ask the service")]
