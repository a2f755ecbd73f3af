"""The web server: bound first, answering 503 until the host is ready, stopped with patience."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import structlog

from kanade_host.plugin.authenticators import Authenticator
from kanade_host.web.authentication import Authentication
from kanade_host.web.body import Patience
from kanade_host.web.changes import Changes
from kanade_host.web.connection import Connections
from kanade_host.web.dispatch import Dispatch, Files
from kanade_host.web.endpoint import Mount, compiled
from kanade_host.web.kept import Kept
from kanade_host.web.listening import listen
from kanade_host.web.live import Live
from kanade_host.web.metrics import HttpMetrics
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


class WebServer:
    """Everything of HTTP. Make it, `bind()`, `await start()`, `mount(…)`, `ready()`; at last `await stop()`.

    `authenticators` and `mount` may be given anew at any time. `now` is a monotonic clock in seconds,
    which a test may replace to make `fresh_for` pass.
    """

    def __init__(
        self,
        bind: str,
        changes: Changes,
        *,
        files: Files | None = None,
        version: str = "",
        limits: Limits | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits or Limits()
        self.metrics = HttpMetrics()
        self.changes = changes
        self.authentication = Authentication()
        self.live = Live(changes, self.authentication)
        self.kept = Kept(changes, now, limit=self.limits.kept_bytes)
        self.watchdog = Watchdog(self.metrics, held=self.limits.held)
        self.dispatch = Dispatch(
            authentication=self.authentication,
            changes=changes,
            kept=self.kept,
            files=files or StaticFiles(None, version),
            metrics=self.metrics,
            stall=self.limits.stall,
        )
        self._bind = bind
        self._socket: socket.socket | None = None
        self._connections: Connections | None = None
        self._server: asyncio.Server | None = None
        self._mounts: tuple[Mount, ...] = ()
        self._count_parts()

    # -- what it serves ----------------------------------------------------------------------

    @property
    def mounts(self) -> Sequence[Mount]:
        """All routes that are served."""
        return self._mounts

    def mount(self, mounts: Iterable[Mount]) -> None:
        """Serve these routes from now on, instead of those before. Raises `PluginError` for a bad one."""
        self._mounts = tuple(mounts)
        self.dispatch.table = compiled(self._mounts, self.limits.patience)
        self.live.serve(self._mounts)

    def authenticate_by(self, authenticators: Iterable[Authenticator]) -> None:
        """Ask these, in this order. Without any, every route that is not public answers 401."""
        self.authentication.authenticators = tuple(authenticators)

    def take_down(self, plugin: str, reason: str) -> None:
        """The plugin does not run: its routes answer 503 with the reason."""
        self.dispatch.down[plugin] = reason

    def bring_up(self, plugin: str) -> None:
        """The plugin runs."""
        self.dispatch.down.pop(plugin, None)

    def ready(self) -> None:
        """The first start is complete."""
        self.dispatch.starting = False

    @property
    def is_ready(self) -> bool:
        return not self.dispatch.starting

    # -- life --------------------------------------------------------------------------------

    def bind(self) -> tuple[str, int]:
        """Take the port; the address that it is. Raises `OperatorError`."""
        self._socket = listen(self._bind)
        return self.address

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that are listened on."""
        assert self._socket is not None, "bind() comes first"
        host, port = self._socket.getsockname()[:2]
        return str(host), int(port)

    async def start(self) -> None:
        """Accept connections."""
        if self._socket is None:
            self.bind()
        assert self._socket is not None
        limits = self.limits
        self._connections = Connections(
            self.dispatch,
            keepalive_timeout=limits.keep_alive,
            lingering_time=limits.lingering,
            auto_decompress=False,  # a body would be inflated without a bound of ours
            access_log=None,
        )
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connections, sock=self._socket)
        self.dispatch.watch = self.watchdog
        self.watchdog.start()

    async def stop(self) -> None:
        """Accept no more, let requests finish for a while, then cut them."""
        if self._server is None:
            if self._socket is not None:
                self._socket.close()
            return
        self._server.close()
        assert self._connections is not None
        await asyncio.sleep(0)
        self._connections.pre_shutdown()
        self.live.close()
        deadline = time.monotonic() + self.limits.stopping
        # aiohttp tells nobody when a connection has ended
        while self._busy() and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        if self._busy():
            log.warning("requests were cut off at the stop", count=self._busy())
        await self._connections.shutdown(0.1)
        self.watchdog.stop()
        self._server = None

    def _busy(self) -> int:
        """Connections on which a request is still being answered, streams included."""
        assert self._connections is not None
        return len(self._connections.connections)

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
