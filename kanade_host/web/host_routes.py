"""The routes of the host itself: health, versions, what runs, the API's description, live events."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from kanade_host.bus.overview import BrokerView
from kanade_host.plugin.authenticators import Credentials, Permission, Principal, Refusal, Role
from kanade_host.plugin.errors import HttpError
from kanade_host.plugin.instants import Instant
from kanade_host.plugin.json import I64, encode
from kanade_host.plugin.routes import Request, Response, Route
from kanade_host.web.authentication import Authentication
from kanade_host.web.changes import Changes
from kanade_host.web.dead_letters import DeadLetterRoutes
from kanade_host.web.endpoint import Mount
from kanade_host.web.live import Live
from kanade_host.web.openapi import document
from kanade_host.web.pages import Pages, shown
from kanade_host.web.providers import Host, Running
from kanade_host.web.rebuilds import RebuildRoutes
from kanade_host.web.rejections import STARTING, role_text

UPSTREAM_VERSION = "0.43.25"
"""The kanade-backend whose contract is served; its clients compare it."""

OWNER = "host"
SEE = Permission("host.read", Role.VIEWER)
_PROXIED = ("x-forwarded-for", "forwarded", "x-real-ip")


class Versions(msgspec.Struct, frozen=True):
    """`version` is that of the contract."""

    version: str
    kanade_host: str


class Caller(msgspec.Struct, frozen=True):
    """Who makes the request; `role` is viewer, operator or admin."""

    subject: str
    role: str
    scope: str


class Readiness(msgspec.Struct, frozen=True):
    """Whether requests should come here, and what is not well."""

    ready: bool
    starting: str | None
    reasons: list[NotWell]


class NotWell(msgspec.Struct, frozen=True):
    """One reason; `blocking` ones make the host unready."""

    part: str
    text: str
    since: Instant
    blocking: bool


class LiveQuery(msgspec.Struct, frozen=True):
    """`after`: the last commit that the client knows; `epoch`: the run of the host that it knew it from."""

    after: I64 | None = None
    epoch: str | None = None


def from_here(request: Request) -> bool:
    """A peer on this computer that speaks for itself: a proxy beside us speaks for others."""
    if any(name in request.headers for name in _PROXIED):
        return False
    try:
        address = ipaddress.ip_address(request.remote.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


class HostRoutes:
    """The handlers of the host."""

    def __init__(
        self,
        host: Host,
        *,
        authentication: Authentication,
        changes: Changes,
        live: Live,
        mounts: Callable[[], Sequence[Mount]],
        plugins: Callable[[], Sequence[Running]],
    ) -> None:
        self._host, self._authentication = host, authentication
        self._changes, self._live, self._mounts = changes, live, mounts
        self._plugins = plugins

    # -- health ------------------------------------------------------------------------------

    async def health(self, _: Request) -> Response:
        """`ok`, once the first start is complete; checks nothing else."""
        return Response.text(STARTING, 503) if self._host.starting else Response.text("ok")

    async def alive(self, _: Request) -> Response:
        """For whoever restarts processes: 503 means that only a new one will help."""
        dead = self._host.dead
        body = encode({"alive": dead is None, "reason": dead})
        return Response.json(body, 200 if dead is None else 503)

    async def readiness(self, request: Request) -> Response:
        """For whoever sends requests here."""
        await self._trusted(request)
        reasons = [NotWell(one.part, one.text, one.since, one.blocking) for one in self._host.reasons()]
        starting = self._host.starting or None
        ready = starting is None and self._host.dead is None and not any(one.blocking for one in reasons)
        return Response.json(encode(Readiness(ready, starting, reasons)), 200 if ready else 503)

    async def metrics(self, request: Request) -> Response:
        """For Prometheus."""
        await self._trusted(request)
        body, content_type = self._host.metrics()
        return Response(body, content_type=content_type)

    async def _trusted(self, request: Request) -> None:
        """Programs on this computer, and administrators."""
        if from_here(request):
            return
        headers = {name.lower(): value for name, value in request.headers.items()}
        shown = Credentials(headers.get("authorization"), headers, request.remote, request.method, "")
        found: Principal | Refusal = await self._authentication.ask_within(shown)
        if isinstance(found, Refusal):
            raise HttpError(found.status, found.text)
        if found.role < Role.ADMIN:
            raise HttpError(403, role_text(Role.ADMIN, found))

    # -- what runs ---------------------------------------------------------------------------

    async def version(self, _: Request) -> Versions:
        """Which contract, which program."""
        return Versions(UPSTREAM_VERSION, self._host.version)

    async def plugins(self, _: Request) -> Mapping[str, Any]:
        """All plugins that were found, with state and reason."""
        return {"plugins": list(self._host.plugins()), "uninstalled": list(self._host.uninstalled())}

    async def projections(self, _: Request) -> Mapping[str, Any]:
        """All projections, with position, lag and state."""
        return {"projections": list(self._host.projections())}

    async def pages(self, _: Request) -> Pages:
        """What the web interface shows: pages, cards and panels of the plugins that run."""
        own = [one.route for one in self._mounts() if one.plugin == OWNER]
        return Pages(shown(self._plugins(), own))

    async def broker(self, _: Request) -> BrokerView:
        """Streams, buckets and object stores with their sizes."""
        return await self._host.broker()

    async def principal(self, request: Request) -> Caller:
        """Who asks, by whichever authenticator knew them, and what they may do."""
        found = request.principal
        return Caller(found.subject, found.role.word, found.scope)

    async def openapi(self, _: Request) -> Mapping[str, Any]:
        """This description."""
        return document(self._mounts(), self._host.version)

    async def listen(self, request: Request) -> Response:
        """Server-Sent Events; read them with fetch and the Authorization header."""
        self._live.full()
        headers = {name.lower(): value for name, value in request.headers.items()}
        shown = Credentials(
            headers.get("authorization"), headers, request.remote, request.method, "/api/live"
        )
        asked: LiveQuery = request.query
        events = self._live.stream(request.principal, shown, asked.after, asked.epoch)
        more = {"x-kanade-epoch": self._changes.epoch, "x-accel-buffering": "no"}
        return Response(events, content_type="text/event-stream", headers=more)

    def routes(self) -> list[Route]:
        """As data."""
        return [
            Route("GET", "/health", self.health, None, "ok, once everything has started"),
            Route("GET", "/health/live", self.alive, None, "Can this process become well by itself?"),
            Route("GET", "/health/ready", self.readiness, None, "Is it well, and if not, why?"),
            Route("GET", "/metrics", self.metrics, None, "Figures for Prometheus"),
            Route("GET", "/api/version", self.version, None, "Versions", response=Versions),
            Route("GET", "/api/plugins", self.plugins, SEE, "Plugins and their states"),
            Route("GET", "/api/projections", self.projections, SEE, "Projections and how far they are"),
            Route(
                "GET",
                "/api/pages",
                self.pages,
                SEE,
                "Pages, cards and panels of the plugins that run",
                response=Pages,
                fresh=("plugins", "routes"),
            ),
            Route(
                "GET",
                "/api/broker",
                self.broker,
                SEE,
                "What lies in the broker",
                response=BrokerView,
                fresh_for=1.0,
            ),
            Route("GET", "/api/principal", self.principal, SEE, "Who asks, with which role", response=Caller),
            Route("GET", "/api/openapi.json", self.openapi, SEE, "This description", fresh=("routes",)),
            Route("GET", "/api/live", self.listen, SEE, "Live events", query=LiveQuery, time_limit=None),
            *DeadLetterRoutes(self._host).routes(),
            *RebuildRoutes(self._host).routes(),
        ]
