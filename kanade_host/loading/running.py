"""One plugin while it runs: its services, its lifespan, its loops and what feeds it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import Any

import pluggy
import structlog

from kanade_host.loading.collect import Loaded, Rejected, call
from kanade_host.loading.context import HostContext, Offers
from kanade_host.loading.supervise import supervise
from kanade_host.plugin.authenticators import Authenticator
from kanade_host.plugin.errors import KanadeError, OperatorError
from kanade_host.plugin.tasks import Job, Sweep, Task

STOP_SECONDS = 5.0
log = structlog.get_logger("kanade_host.loading")


class RunningPlugin:
    """Starts, watches over and stops one plugin. Its failures end here."""

    def __init__(
        self,
        loaded: Loaded,
        ctx: HostContext,
        plugins: pluggy.PluginManager,
        offers: Offers,
        *,
        feeds: Callable[[Loaded, HostContext], Mapping[str, Coroutine[Any, Any, None]]],
        active: asyncio.Event,
        start_seconds: float = 30.0,
    ) -> None:
        self.loaded, self.ctx = loaded, ctx
        self.authenticators: list[Authenticator] = []
        self.settled = asyncio.Event()
        """Set once it is started, or failed."""
        self._plugins, self._offers, self._feeds, self._active = plugins, offers, feeds, active
        self._start_seconds = start_seconds
        self._stopping = asyncio.Event()
        self._life: asyncio.Task[None] | None = None
        self._work: set[asyncio.Task[None]] = set()
        self._jobs: list[Job] = []

    @property
    def name(self) -> str:
        return self.loaded.name

    @property
    def serves(self) -> bool:
        """Its routes may be called."""
        return self.loaded.state.phase in ("running", "degraded")

    # -- start -------------------------------------------------------------------------------

    def offer(self) -> None:
        """Ask for services, authenticators and tasks: data, made before any plugin starts."""
        try:
            services = call(self._plugins, self.name, "kanade_services", ctx=self.ctx) or {}
            for name, service in services.items():
                self._own("service", name)
                self._offers.add(self.name, name, service)
            found = call(self._plugins, self.name, "kanade_authenticators", ctx=self.ctx) or ()
            self.authenticators = list(found)
            for one in self.authenticators:
                self._own("authenticator", one.name)
            jobs = call(self._plugins, self.name, "kanade_tasks", ctx=self.ctx) or ()
            for job in jobs:
                if not isinstance(job, Task | Sweep):
                    raise Rejected(f"kanade_tasks returned {job!r}, which is no Task or Sweep")
            self._jobs = list(jobs)
        except (Rejected, KanadeError) as error:
            self._fail("checked", str(error))
            return
        contributes = self.loaded.state.contributes
        contributes["services"] = sorted(services)
        contributes["tasks"] = [job.name for job in self._jobs]
        contributes["authenticators"] = [one.name for one in self.authenticators]

    def _own(self, what: str, name: str) -> None:
        """A plugin from outside gives names that begin with its own. Raises `Rejected`."""
        own = self.name
        if self.loaded.state.manifest.foreign and name != own and not name.startswith((f"{own}.", f"{own}_")):
            raise Rejected(f"{what} {name!r} of a plugin from outside must begin with {own!r}")

    async def start(self) -> None:
        """Enter the lifespan, within bounded time, then begin to work once this host is the active one."""
        entered = asyncio.Event()
        self._life = asyncio.create_task(self._live(entered), name=f"plugin {self.name}")
        waiting = asyncio.create_task(entered.wait())
        await asyncio.wait(
            {waiting, self._life}, timeout=self._start_seconds, return_when=asyncio.FIRST_COMPLETED
        )
        waiting.cancel()
        if not entered.is_set() and not self.loaded.state.out:
            self._life.cancel()
            self._fail("started", f"it did not start within {self._start_seconds:g} s")
        self.settled.set()

    async def _live(self, entered: asyncio.Event) -> None:
        try:
            async with self._lifespan():
                self.loaded.state.enter("started")
                self.loaded.state.enter("running")
                try:
                    self._begin_work()
                    entered.set()
                    await self._stopping.wait()
                finally:  # before the lifespan is left, which the work may rest on
                    await self._end_work()
        except OperatorError as error:  # its text is all that helps
            if not self._stopping.is_set():
                self._fail("started", str(error))
        except Exception as error:
            if not self._stopping.is_set():
                log.exception("a plugin failed", plugin=self.name)
                self._fail("started", f"{type(error).__name__}: {error}")

    @contextlib.asynccontextmanager
    async def _lifespan(self) -> AsyncIterator[None]:
        made = call(self._plugins, self.name, "kanade_lifespan", ctx=self.ctx)
        if made is None:
            yield
            return
        async with made:
            yield

    def _begin_work(self) -> None:
        works: dict[str, Coroutine[Any, Any, None]] = dict(self._feeds(self.loaded, self.ctx))
        for job in self._jobs:
            key = f"task {job.name}"
            works[key] = supervise(
                job,
                self.name,
                lambda reason, key=key: self.ctx.degraded_by(key, reason),  # type: ignore[misc]
            )
        for name, work in works.items():
            task = asyncio.create_task(self._when_active(work), name=f"{self.name}: {name}")
            self._work.add(task)
            task.add_done_callback(self._work.discard)

    async def _when_active(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await self._active.wait()
        except asyncio.CancelledError:
            work.close()
            raise
        await work

    # -- stop --------------------------------------------------------------------------------

    async def stop(self) -> None:
        """End the work, then leave the lifespan; bounded in time."""
        self._stopping.set()
        if self._life is not None:
            await asyncio.wait({self._life}, timeout=STOP_SECONDS)
            if not self._life.done():
                log.warning("a plugin did not stop in time", plugin=self.name)
                self._life.cancel()
                await asyncio.wait({self._life}, timeout=1.0)
        self._offers.withdraw(self.name)
        if not self.loaded.state.out:
            self.loaded.state.enter("stopped")

    def fail(self, reason: str) -> None:
        """Take it out of service while the rest runs on."""
        self._fail("running", reason)
        self._stopping.set()

    def _fail(self, phase: str, reason: str) -> None:
        self.loaded.state.fail(phase, reason)
        self._offers.withdraw(self.name)
        self.settled.set()

    async def _end_work(self) -> None:
        work = set(self._work)
        for task in work:
            task.cancel()
        if work:
            await asyncio.wait(work, timeout=STOP_SECONDS)
