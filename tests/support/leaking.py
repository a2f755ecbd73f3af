"""A plugin for the tests of faults: it begins tasks and never ends them; some refuse to end at all."""

from __future__ import annotations

import asyncio

import msgspec

from kanade_host.plugin import Permission, Request, Role, Route, hookimpl

kept: set[asyncio.Task[None]] = set()
WRITE = Permission("leaking.write", Role.OPERATOR)


class Leak(msgspec.Struct):
    """So many tasks; `stubborn` ones swallow their cancellation."""

    count: int
    stubborn: bool = False


async def forgotten() -> None:
    await asyncio.Event().wait()


async def stubborn() -> None:
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass


async def leak(request: Request[Leak]) -> None:
    """POST /api/leaking."""
    for _ in range(request.body.count):
        kept.add(asyncio.create_task(stubborn() if request.body.stubborn else forgotten()))


@hookimpl
def kanade_routes(settings: object) -> list[Route]:
    return [Route("POST", "/api/leaking", leak, WRITE, "Begin tasks", request=Leak)]
