"""The web server: bound first, answering 503 until the host is ready, stopped with patience."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from kanade_host.plugin.authenticators import Authenticator, Credentials, Verdict
from kanade_host.plugin.errors import StoreUnavailable
from kanade_host.plugin.routes import Route
from kanade_host.store.commits import Commit
from kanade_host.web.authentication import Authentication
from kanade_host.web.body import Patience
from kanade_host.web.changes import Changes
from kanade_host.web.connection import Connections
from kanade_host.web.dispatch import Dispatch, Files
from kanade_host.web.endpoint import Mount, compiled, servable
from kanade_host.web.host_routes import OWNER, HostRoutes
from kanade_host.web.kept import Kept
from kanade_host.web.listening import listen
from kanade_host.web.live import Live
from kanade_host.web.metrics import HttpMetrics
from kanade_host.web.providers import Host, Running, Shown, why_down
from kanade_host.web.static import StaticFiles
from kanade_host.web.watchdog import Watchdog

log = structlog.get_logger("kanade_host.web")


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and bytes. The defaults are for production; tests shorten them."""

    patience: Patience = field(default_factory=Patience)
    stall: float = 120.0
    """A client that takes nothing of a streamed answer for so long is cut off."""
    keep_alive: float = 120.0
    """Idle connections; longer than clients keep theirs, so that they close first."""
    lingering: float = 5.0
    """How long the unread rest of a body is read and thrown away."""
    stopping: float = 5.0
    """How long requests may go on when the host stops."""
    held: float = 2.0
    """The event loop may be held for so long before the watchdog acts."""
    kept_bytes: int = 64 * 1024 * 1024


class Gate:
    """An authenticator of a plugin that may fail: then nobody can be told from anybody, which is 503."""

    __slots__ = ("_inner", "_owner", "name")

    def __init__(self, inner: Authenticator, owner: Running) -> None:
        self.name, self._inner, self._owner = inner.name, inner, owner

    async def authenticate(self, credentials: Credentials) -> Verdict:
        """What the authenticator says."""
        if not self._owner.serves:
            raise StoreUnavailable(f"plugin {self._owner.name!r} is not running: {why_down(self._owner)}")
        return await self._inner.authenticate(credentials)


class WebServer:
    """Everything of HTTP around one host.

    `await bind("host:port")`: the port is taken and answers 503. `open(plugins)`: their routes and
    authenticators are served. `stop_accepting()` lets requests finish for a while; `close()` after all that
    could hold the loop has ended, since it ends the watchdog.
    `now` is a monotonic clock in seconds, which a test may replace to make `fresh_for` pass.
    """

    def __init__(
        self,
        host: Host,
        *,
        files: Files | None = None,
        limits: Limits | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits or Limits()
        self.metrics = HttpMetrics()
        self.changes = Changes()
        self.authentication = Authentication()
        self.live = Live(self.changes, self.authentication)
        self.kept = Kept(self.changes, now, limit=self.limits.kept_bytes)
        self.watchdog = Watchdog(self.metrics, held=self.limits.held)
        self.watchdog.plugin_of = host.plugin_of
        self.watchdog.on_offender, self.watchdog.on_stuck = host.offend, host.stuck
        self._version = host.version
        self.dispatch = Dispatch(
            authentication=self.authentication,
            changes=self.changes,
            kept=self.kept,
            files=files or StaticFiles(None, host.version),
            metrics=self.metrics,
            stall=self.limits.stall,
        )
        self._own = HostRoutes(
            host,
            authentication=self.authentication,
            changes=self.changes,
            live=self.live,
            mounts=lambda: self.mounts,
            plugins=lambda: self._plugins,
        ).routes()
        self._plugins: tuple[Running, ...] = ()
        self.mounts: tuple[Mount, ...] = ()
        self._socket: socket.socket | None = None
        self._connections: Connections | None = None
        self._server: asyncio.Server | None = None
        self._count_parts()
        self.mount(())

    # -- what it serves ----------------------------------------------------------------------

    @property
    def host_routes(self) -> Sequence[Route]:
        """The routes of the host itself, for the check of conflicts."""
        return self._own

    def show(self, plugins: Sequence[Shown]) -> None:
        """Serve the files of the plugin that has a site, and the modules of pages of all of them."""
        site = next((one.site for one in plugins if one.site is not None), None)
        modules = {one.name: one.web for one in plugins if one.web is not None}
        self.dispatch.files = StaticFiles(site, self._version, modules)

    def open(self, plugins: Mapping[str, Running]) -> None:
        """Serve the plugins from now on; each one's routes answer 503 while it does not run."""
        mounts = [
            Mount(one.name, route, one.ctx, lambda one=one: why_down(one))  # type: ignore[misc]
            for one in plugins.values()
            for route in one.loaded.routes
        ]
        gates = [Gate(found, one) for one in plugins.values() for found in one.authenticators]
        self.authentication.authenticators = tuple(gates)
        self._plugins = tuple(plugins.values())
        self.mount(mounts)
        self.dispatch.starting = False

    def mount(self, mounts: Iterable[Mount]) -> None:
        """Serve these routes beside the host's own, instead of those before; bad ones are left out."""
        self.mounts = (*(Mount(OWNER, route) for route in self._own), *servable(mounts))
        self.dispatch.table = compiled(self.mounts, self.limits.patience)
        self.live.serve(self.mounts)
        self.changes.changed("routes")

    # -- what others report ------------------------------------------------------------------

    def on_commit(self, commit: Commit) -> None:
        """A commit is durable: call it on the loop before the futures of its writers resolve."""
        self.changes.committed(commit.number, commit.changes)

    def on_change(self, topic: str, keys: Sequence[str]) -> None:
        """Something changed that is in no table."""
        self.changes.changed(topic, keys)

    # -- life --------------------------------------------------------------------------------

    async def bind(self, bind: str) -> tuple[str, int]:
        """Take the port and accept connections; answers the address. Raises `OperatorError`."""
        self._socket = listen(bind)
        limits = self.limits
        self._connections = Connections(
            self.dispatch,
            keepalive_timeout=limits.keep_alive,
            lingering_time=limits.lingering,
            max_line_size=65_534,  # as long as a target may be upstream
            auto_decompress=False,  # a body would be inflated without a bound of ours
            access_log=None,
        )
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connections, sock=self._socket)
        self.dispatch.watch = self.watchdog
        self.watchdog.start()
        return self.address

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that are listened on."""
        assert self._socket is not None, "bind() comes first"
        host, port = self._socket.getsockname()[:2]
        return str(host), int(port)

    @property
    def url(self) -> str:
        """Where a browser on this computer finds it."""
        host, port = self.address
        address = ipaddress.ip_address(host.partition("%")[0])
        if address.is_unspecified:
            host = "127.0.0.1" if address.version == 4 else "::1"
        return f"http://[{host}]:{port}" if address.version == 6 else f"http://{host}:{port}"

    async def stop_accepting(self) -> None:
        """Accept no more, end live streams, let requests finish for a while, then cut them."""
        connections, self._connections = self._connections, None
        if connections is None or self._server is None:
            return
        self._server.close()
        await asyncio.sleep(0)  # what was accepted just now begins
        connections.pre_shutdown()
        self.live.close()
        try:
            async with asyncio.timeout(self.limits.stopping):
                await connections.shutdown(self.limits.stopping)
        except TimeoutError:
            log.warning("requests are cut off: the host stops", count=len(connections.connections))
            await connections.shutdown(0.1)
        await self.kept.close()

    async def close(self) -> None:
        """End what is left; after it, nothing of the web runs."""
        await self.stop_accepting()
        self.watchdog.stop()

    def _count_parts(self) -> None:
        kept, live = self.kept, self.live
        self.metrics.counters |= {
            "kanade_http_kept_hits": ("Answers sent from the kept ones", lambda: kept.hits),
            "kanade_http_kept_misses": ("Answers that had to be made", lambda: kept.misses),
        }
        self.metrics.gauges |= {
            "kanade_http_kept_bytes": ("Bytes of kept answers", lambda: kept.size),
            "kanade_live_clients": ("Clients that listen to live events", lambda: live.clients),
        }
