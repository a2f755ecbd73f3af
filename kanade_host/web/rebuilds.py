"""Rebuilds over HTTP: what one would do, begin it, watch it, cancel it. For administrators."""

from __future__ import annotations

from typing import Any

import msgspec

from kanade_host.plugin.audit import audit
from kanade_host.plugin.authenticators import Permission, Role
from kanade_host.plugin.errors import HttpError
from kanade_host.plugin.routes import Request, Route
from kanade_host.plugin.subscriptions import Tx
from kanade_host.web.providers import Host

READ = Permission("rebuilds.read", Role.ADMIN)
WRITE = Permission("rebuilds.write", Role.ADMIN)


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`lose`: rows that no stream gives again may go."""

    lose: bool = False


class RebuildRoutes:
    """The handlers, over what the host says of itself."""

    def __init__(self, host: Host) -> None:
        self._host = host

    async def listed(self, _: Request) -> dict[str, Any]:
        """Those of this run of the host, the newest last."""
        return {"rebuilds": list(self._host.rebuilds())}

    async def plan(self, request: Request) -> Any:
        """What would be replayed, replaced, kept and lost."""
        return await self._host.rebuild_plan(request.path["plugin"])

    async def begin(self, request: Request) -> Any:
        """Begin; the answer comes at once."""
        plugin, wanted = request.path["plugin"], request.body or Wanted()
        begun = await self._host.rebuild(plugin, lose=wanted.lose)
        await self._record(request, "projection_rebuild", plugin, {"lose": wanted.lose})
        return begun

    async def cancel(self, request: Request) -> None:
        """End it; everything stays as it was."""
        plugin = request.path["plugin"]
        if not self._host.cancel_rebuild(plugin):
            raise HttpError(404, f"no rebuild of {plugin!r} is running")
        await self._record(request, "projection_rebuild_cancel", plugin, {})

    async def _record(self, request: Request, action: str, plugin: str, payload: dict[str, Any]) -> None:
        at, caller = self._host.clock.now(), request.caller

        def work(tx: Tx) -> None:
            audit(tx, at, action, plugin, payload, caller=caller)

        await self._host.write(work)

    def routes(self) -> list[Route]:
        """As data."""
        path = "/api/rebuilds"
        gone = {404: "No such plugin, or it has no tables that come from a stream"}
        return [
            Route("GET", path, self.listed, READ, "Rebuilds of plugins' tables"),
            Route("GET", path + "/{plugin}", self.plan, READ, "What a rebuild would do", errors=gone),
            Route(
                "POST",
                path + "/{plugin}",
                self.begin,
                WRITE,
                "Make a plugin's tables anew from its streams",
                request=Wanted,
                status=202,
                audits=("projection_rebuild",),
                errors=gone | {409: "It is running already, or rows would be lost (see `lose`)"},
            ),
            Route(
                "POST",
                path + "/{plugin}/cancel",
                self.cancel,
                WRITE,
                "Stop a rebuild, which leaves everything as it was",
                status=204,
                audits=("projection_rebuild_cancel",),
                errors={404: "None is running"},
            ),
        ]
