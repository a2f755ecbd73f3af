"""The host as one object: what starts, in which order, and how it ends.

Order (host.md 8, improved): plan the plugins -> bind HTTP, which answers 503 -> migrations -> database
-> broker (waited for, never fatal) -> plugins -> resources -> lease -> consumers -> ready.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

import structlog

from kanade_host.bus.ensure import ensure
from kanade_host.config import Config
from kanade_host.loading.collect import Loaded
from kanade_host.loading.context import HostContext, Offers
from kanade_host.loading.lease import BUCKET, Lease
from kanade_host.loading.plan import Extra, Plan, make_plan, refuse
from kanade_host.loading.running import RunningPlugin
from kanade_host.loading.seen import note_seen, tell
from kanade_host.loading.state import PluginState
from kanade_host.loading.suspect import SuspectNote
from kanade_host.parts import Broker, Store
from kanade_host.plugin.clock import Clock, SystemClock
from kanade_host.plugin.errors import KanadeError, OperatorError
from kanade_host.plugin.resources import Resource
from kanade_host.projection.feeds import Feeds
from kanade_host.projection.outbox import Outbox
from kanade_host.providers import HostState
from kanade_host.schema import migrate
from kanade_host.store.commits import Commit
from kanade_host.store.errors import StoreDamaged
from kanade_host.store.location import parse_location
from kanade_host.web.server import WebServer

log = structlog.get_logger("kanade_host")

STUCK_STATUS = 70
ENSURE_SECONDS = 30.0


class App:
    """One host. `start` binds HTTP and returns; the rest of the start goes on in the background.

    `extra` plugins are handed over as modules (the test kit). `clock` replaces the system's.
    """

    def __init__(self, config: Config, *, extra: Sequence[Extra] = (), clock: Clock | None = None) -> None:
        self.config = config
        self.clock: Clock = clock or SystemClock()
        self.state = HostState()
        self._extra = extra
        self._ending: asyncio.Future[int] | None = None
        self._works: set[asyncio.Task[None]] = set()
        self._starting: asyncio.Task[None] | None = None
        self._active = asyncio.Event()
        self._offers = Offers()
        self.running: dict[str, RunningPlugin] = {}
        self.plan: Plan
        self.web: WebServer
        self.store: Store | None = None
        self.broker: Broker | None = None
        self.feeds: Feeds | None = None
        self.outbox: Outbox | None = None
        self._lease: Lease | None = None
        self._suspects: SuspectNote

    @property
    def web_bound(self) -> bool:
        """HTTP is bound: there is something to stop."""
        return hasattr(self, "web")

    # -- start -------------------------------------------------------------------------------

    async def start(self) -> None:
        """Plan and bind. Raises `OperatorError` when the start is refused."""
        self._ending = asyncio.get_running_loop().create_future()
        location = parse_location(self.config.db.sqlite_path)
        location.path.parent.mkdir(parents=True, exist_ok=True)
        self._suspects = SuspectNote(location.path)
        chosen = self.config.plugins
        self.plan = make_plan(
            disabled=chosen.disabled,
            only=self._only(),
            tables=chosen.tables,
            left_out=self._suspects.take(),
            extra=self._extra,
        )
        for warning in (*self.config.warnings, *self.plan.warnings):
            log.warning(warning)
        refuse(self.plan, strict=chosen.strict)
        self.state.plan = self.plan
        self.web = WebServer(self)
        await self.web.bind(self.config.server.bind)
        self._starting = asyncio.create_task(self._first_start(), name="start")

    def _only(self) -> Sequence[str] | None:
        return self.config.plugins.only

    async def started(self) -> None:
        """Wait until the first start is complete. Raises what refused it."""
        assert self._starting is not None
        await asyncio.shield(self._starting)

    async def _first_start(self) -> None:
        try:
            location = parse_location(self.config.db.sqlite_path)
            self.state.starting = "the database is migrated"
            owners = await asyncio.to_thread(migrate, location, self.plan)
            refuse(self.plan, strict=self.config.plugins.strict)
            self.state.starting = "the database is opened"
            self.store = await Store.open(
                location,
                owners,
                on_commit=self._on_commit,
                on_stuck=self._on_stuck,
                on_damage=self._on_damage,
            )
            self.state.starting = "the broker is started"
            self.broker = await Broker.open(self.config)
            self._make_parts()
            manifests = [loaded.state.manifest for loaded in self.plan.loaded]
            now = self.clock.now()
            tell(await self.store.writer.run("host", lambda tx: note_seen(tx, manifests, now)))
            self.state.starting = "plugins are started"
            await self._start_plugins()
            refuse(self.plan, strict=self.config.plugins.strict)
            self.web.open(self.running)
            self.state.starting = "the broker is waited for"
            await self._connect()
            self.state.starting = ""
            log.info("ready", url=self.web.url)
        except (OperatorError, KanadeError) as error:
            self._end(1, error)
            raise
        except Exception as error:
            log.exception("the start failed")
            self._end(1, error)
            raise

    def _make_parts(self) -> None:
        assert self.store is not None
        assert self.broker is not None
        writer, bus = self.store.writer, self.broker.bus
        self.feeds = Feeds(
            bus=bus,
            writer=writer,
            clock=self.clock,
            ours=writer.made_by == "kanade_host",
            changed=self._changed,
        )
        self.outbox = Outbox(bus, writer, self.clock)
        self._lease = Lease(bus, writer.epoch)
        for loaded in self.plan.loaded:
            self.feeds.watch(loaded.name, loaded.subscriptions)
        for loaded in self.plan.loaded:
            ctx = self._context(loaded)
            self.running[loaded.name] = RunningPlugin(
                loaded, ctx, self.plan.plugins, self._offers, feeds=self._feed, active=self._active
            )

    def _context(self, loaded: Loaded) -> HostContext:
        assert self.store is not None
        assert self.broker is not None
        assert self.feeds is not None
        return HostContext(
            loaded.state,
            loaded.settings,
            bus=self.broker.bus,
            writer=self.store.writer,
            readers=self.store.readers,
            clock=self.clock,
            folder=self.config.data_dir / "plugins",
            offers=self._offers,
            maps=self.feeds.map_of,
            changed=self._changed,
            on_state=self._on_state,
        )

    def _feed(self, loaded: Loaded, ctx: HostContext) -> Mapping[str, Coroutine[Any, Any, None]]:
        assert self.feeds is not None
        return self.feeds.make(loaded.subscriptions, ctx, ctx.degraded_by)

    async def _start_plugins(self) -> None:
        for plugin in self.running.values():
            plugin.offer()
        await asyncio.gather(*(self._start_plugin(plugin) for plugin in self.running.values()))

    async def _start_plugin(self, plugin: RunningPlugin) -> None:
        """Start it once what it requires, or comes after, has settled."""
        manifest = plugin.loaded.state.manifest
        for name in (*manifest.requires, *manifest.after):
            if name in self.running:
                await self.running[name].settled.wait()
        missing = [
            name for name in manifest.requires if name in self.running and not self.running[name].serves
        ]
        if missing:
            plugin.loaded.state.fail(
                "requires", f"it requires the plugin {missing[0]!r}, which did not start"
            )
        if plugin.loaded.state.out:
            plugin.settled.set()
            return
        await plugin.start()

    async def _connect(self) -> None:
        """Everything that needs the broker; waits for it as long as it takes."""
        assert self.broker is not None
        assert self.feeds is not None
        assert self._lease is not None
        bus = self.broker.bus
        connected = asyncio.Event()

        async def on_connected() -> None:
            connected.set()

        self.broker.connection.on_connected(on_connected)
        await bus.ready()
        await self._ensure()
        self._spawn("resources", self._keep_ensured(connected))
        for name, work in self.feeds.map_works().items():
            self._spawn(name, work)
        self.state.starting = "another host is active"
        await self._lease.acquire()
        self._spawn("lease", self._lease.keep(self._lease_lost))
        self._active.set()
        assert self.outbox is not None
        self._spawn("outbox", self.outbox.run())
        self._spawn("dead letters", self._replay_letters())
        self.state.starting = "projections begin"
        await self._feeds_running()

    async def _feeds_running(self) -> None:
        """Ready means: what is published from now on is seen."""
        assert self.feeds is not None
        begun = [runner.begun.wait() for runner in self.feeds.runners.values()]
        begun += [sampler.begun.wait() for sampler in self.feeds.samplers.values()]
        await asyncio.gather(*begun, self.feeds.maps_complete())

    # -- work of the host itself ---------------------------------------------------------------

    def _spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=name)
        self._works.add(task)
        task.add_done_callback(self._ended_work)

    def _ended_work(self, task: asyncio.Task[None]) -> None:
        self._works.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a part of the host failed", part=task.get_name(), exc_info=task.exception())
            self._end(1, task.exception())

    def _resources(self) -> list[Resource]:
        return [BUCKET, *(resource for loaded in self.plan.loaded for resource in loaded.resources)]

    async def _ensure(self) -> None:
        assert self.broker is not None
        try:
            await ensure(self.broker.bus, self._resources())
            self.state.degrade("resources", None)
        except KanadeError as error:
            self.state.degrade("resources", str(error))
            log.error("resources of the broker are not as they must be", reason=str(error))

    async def _keep_ensured(self, connected: asyncio.Event) -> None:
        """After each reconnect, and now and then: somebody may have reset or deleted them."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(connected.wait(), ENSURE_SECONDS)
            connected.clear()
            assert self.broker is not None
            if self.broker.bus.connected:
                await self._ensure()

    async def _replay_letters(self) -> None:
        """Dead letters that somebody marked for another try."""
        assert self.feeds is not None
        while True:
            await self.state.replay_asked.wait()
            self.state.replay_asked.clear()
            for runner in list(self.feeds.runners.values()):
                with contextlib.suppress(KanadeError):
                    await runner.replay()

    async def _lease_lost(self, other: str) -> None:
        self._end(1, OperatorError(f"another host has become the active one: {other}; this one ends"))

    # -- what others report --------------------------------------------------------------------

    def _on_commit(self, commit: Commit) -> None:
        self.web.on_commit(commit)
        if commit.sent and self.outbox is not None:
            self.outbox.wake()

    def _changed(self, topic: str, keys: Sequence[str]) -> None:
        self.web.on_change(topic, keys)

    def _on_state(self, state: PluginState) -> None:
        self._changed("plugins", [state.name])

    def _on_stuck(self, owner: str) -> None:
        """Called on the watching thread: nothing but the end of the process frees the writer."""
        self._suspects.write(owner, "its code held the writer thread and did not give it back")
        log.critical("the process ends: a plugin holds the writer thread", plugin=owner)
        os._exit(STUCK_STATUS)

    def _on_damage(self, error: StoreDamaged) -> None:
        self._end(1, error)

    def offend(self, plugin: str, reason: str) -> None:
        """The web's watchdog: this plugin's handlers held the loop too often."""
        running = self.running.get(plugin)
        if running is not None and running.serves:
            asyncio.get_running_loop().create_task(running.fail(reason))

    # -- end -----------------------------------------------------------------------------------

    def _end(self, status: int, error: BaseException | None = None) -> None:
        if self._ending is not None and not self._ending.done():
            if error is not None:
                log.error("the host ends", reason=str(error))
                self.state.fatal = error
            self._ending.set_result(status)

    def ask_to_stop(self) -> None:
        """A signal asks for a tidy end."""
        self._end(0)

    async def wait(self) -> int:
        """Wait until something ends the host; answers the exit status."""
        assert self._ending is not None
        return await self._ending

    async def stop(self) -> None:
        """Tidy, within ten seconds, also when the broker is away or the start is not complete."""
        self.state.stopping = True
        if self._starting is not None and not self._starting.done():
            self._starting.cancel()
            await asyncio.wait({self._starting}, timeout=2.0)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.web.stop_accepting(), 5.5)
        order = list(reversed(self.running.values()))
        await asyncio.gather(*(plugin.stop() for plugin in order), return_exceptions=True)
        works = set(self._works)
        for work in works:
            work.cancel()
        if works:
            await asyncio.wait(works, timeout=2.0)
        if self._lease is not None and self._active.is_set():
            await self._lease.release()
        if self.broker is not None:
            await self.broker.close()
        if self.store is not None:
            await self.store.close()
        await self.web.close()
        log.info("stopped")
