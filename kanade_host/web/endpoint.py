"""A route, compiled: everything about it that does not change from request to request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

from kanade_host.plugin.authenticators import Permission, Role
from kanade_host.plugin.context import Context
from kanade_host.plugin.routes import Route
from kanade_host.web.body import BodyReader, Patience
from kanade_host.web.kept import Fresh
from kanade_host.web.matching import Place, Table, is_parameter, segments
from kanade_host.web.query import QueryReader

log = structlog.get_logger("kanade_host.web")


def _never() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Mount:
    """A route, its owner and what its handler reaches the host by."""

    plugin: str
    route: Route
    ctx: Context | None = None
    down: Callable[[], str | None] = _never
    """Why the owner cannot be called at the moment; None when it can."""


class Endpoint:
    """What dispatch needs of one route."""

    __slots__ = (
        "body",
        "ctx",
        "down",
        "fresh",
        "limit",
        "names",
        "needs",
        "plugin",
        "query",
        "route",
        "template",
    )

    def __init__(self, mount: Mount, patience: Patience) -> None:
        route = mount.route
        self.plugin, self.route, self.ctx = mount.plugin, route, mount.ctx
        self.down = mount.down
        self.template = f"{route.method} {route.path}"
        self.names = tuple(part[1:-1] for part in segments(route.path) if is_parameter(part))
        self.needs: Permission | None = route.permission
        self.query = None if route.query is None else QueryReader(route.query)
        self.body = BodyReader(route, patience)
        self.fresh: Fresh | None = None
        if route.method == "GET" and (route.fresh or route.fresh_for is not None):
            self.fresh = Fresh(route.fresh, route.fresh_for)
        self.limit = None if self.body.kind == "stream" else route.time_limit


def servable(mounts: Iterable[Mount]) -> list[Mount]:
    """Those that can be compiled; the others are logged, and do not stand in the way of the rest."""
    found = []
    for mount in mounts:
        try:
            checked(mount.route, mount.plugin)
        except Exception as error:
            route = f"{mount.route.method} {mount.route.path}"
            log.error("a route cannot be served", plugin=mount.plugin, route=route, reason=str(error))
        else:
            found.append(mount)
    return found


def compiled(mounts: Iterable[Mount], patience: Patience) -> Table[Endpoint]:
    """The table of all routes; the first of two that clash stays. Raises `PluginError` for a bad route."""
    table: Table[Endpoint] = Table()
    for mount in mounts:
        table.add(mount.route.method, mount.route.path, Endpoint(mount, patience))
    return table


def checked(route: Route, plugin: str = "") -> None:
    """Raise `PluginError` for a route that cannot be compiled: for the loader, before anything starts."""
    Endpoint(Mount(plugin, route), Patience())


def gate(place: Place[Endpoint]) -> Role | None:
    """The role that a method nobody registered needs here: the highest of the place's own; None = public.

    Paths with viewer routes only give 405 to everybody who is somebody; a path with an operator or
    admin route gives 403 first (`contract/http-fleet.md` 1.1).
    """
    needed = [one.needs.role for one in place.methods.values() if one.needs is not None]
    public = any(one.needs is None for one in place.methods.values())
    return None if public or not needed else max(needed)
