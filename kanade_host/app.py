"""The host as one object: what starts, in which order, and how it ends.

Order (host.md 8, improved): plan the plugins -> bind HTTP, which answers 503 -> migrations -> database
-> broker (waited for, never fatal) -> plugins -> resources -> lease -> consumers -> ready.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

import structlog

from kanade_host.config import Config
from kanade_host.loading import strays
from kanade_host.loading.collect import Loaded
from kanade_host.loading.context import HostContext, Offers
from kanade_host.loading.lease import BUCKET, Lease
from kanade_host.loading.migrating import open_database
from kanade_host.loading.plan import Extra, Plan, make_plan, refuse
from kanade_host.loading.running import RunningPlugin
from kanade_host.loading.seen import gone, note_seen, tell, tell_gone, tell_off
from kanade_host.loading.state import Manifest, PluginState
from kanade_host.loading.suspect import SuspectNote
from kanade_host.parts import Broker, Store
from kanade_host.platform.exits import Exit
from kanade_host.plugin.clock import Clock, SystemClock
from kanade_host.plugin.errors import KanadeError, OperatorError
from kanade_host.projection.feeds import Feeds
from kanade_host.projection.outbox import Outbox
from kanade_host.providers import HostView
from kanade_host.rebuild.quiet import quiet_context
from kanade_host.rebuild.rebuilds import Rebuilds
from kanade_host.rebuild.running import Surroundings
from kanade_host.rebuild.scratch import remove_leftovers
from kanade_host.store.commits import Commit
from kanade_host.store.errors import StoreDamaged
from kanade_host.store.location import parse_location
from kanade_host.upkeep import Letters, Resources
from kanade_host.web.server import WebServer

log = structlog.get_logger("kanade_host")


class App:
    """One host. `start` binds HTTP and returns; the rest of the start goes on in the background.

    `extra` plugins are handed over as modules (the test kit). `clock` replaces the system's. `safe`: only
    essential plugins take part.
    """

    def __init__(
        self,
        config: Config,
        *,
        extra: Sequence[Extra] = (),
        clock: Clock | None = None,
        safe: bool = False,
    ) -> None:
        self.config = config
        self.clock: Clock = clock or SystemClock()
        self.plan: Plan | None = None
        self.running: dict[str, RunningPlugin] = {}
        self.store: Store | None = None
        self.broker: Broker | None = None
        self.feeds: Feeds | None = None
        self.outbox: Outbox | None = None
        self.lease: Lease | None = None
        self.rebuilds: Rebuilds | None = None
        self.resources: Resources | None = None
        self.starting = "the host starts"
        """What the first start waits for; empty once it is complete."""
        self.gone: list[Manifest] = []
        """Plugins that ran here and are not installed any more: what they kept is still there."""
        self._extra, self._safe = extra, safe
        self._offers = Offers()
        self._active = asyncio.Event()
        self._letters = Letters()
        self._works: set[asyncio.Task[None]] = set()
        self._starting: asyncio.Task[None] | None = None
        self._ending: asyncio.Future[int] | None = None
        self._suspects = SuspectNote(parse_location(config.db.sqlite_path).path)
        self.view = HostView(self)
        self.web = WebServer(self.view, now=self.clock.monotonic)
        self.view.watch_http()

    # -- start -------------------------------------------------------------------------------

    async def start(self) -> None:
        """Plan and bind. Raises `OperatorError` when the start is refused."""
        self._ending = asyncio.get_running_loop().create_future()
        chosen = self.config.plugins
        self.plan = plan = make_plan(
            disabled=chosen.disabled,
            only=chosen.only,
            tables=chosen.tables,
            left_out=self._suspects.take(),
            extra=self._extra,
            host_routes=self.web.host_routes,
            safe=self._safe,
            importing=self._suspects.importing,
        )
        for warning in (*self.config.warnings, *plan.warnings):
            log.warning(warning)
        refuse(plan, strict=chosen.strict)
        self.web.show(plan.loaded)
        await self.web.bind(self.config.server.bind)
        self._spawn("loop lag", self.view.loop_lag.run())
        self._spawn("kept answers", self.web.kept.keep_swept())
        self._spawn("tasks of plugins", strays.Watch(plan.plugin_of, self._strays, self.offend).run())
        log.info("http is bound", url=self.url)
        self._starting = asyncio.create_task(self._first_start(plan), name="start")

    @property
    def url(self) -> str:
        """Where HTTP can be reached from this computer."""
        return self.web.url

    async def started(self) -> None:
        """Wait until the first start is complete. Raises what refused it."""
        assert self._starting is not None
        await asyncio.shield(self._starting)

    async def _first_start(self, plan: Plan) -> None:
        try:
            self.starting = "the database is opened and migrated"
            database, owners = await asyncio.to_thread(open_database, self.config.db.sqlite_path, plan)
            remove_leftovers(database.location.path)
            self.store = await Store.open(
                database,
                owners,
                on_commit=self._on_commit,
                on_stuck=self._on_stuck,
                on_damage=self._on_damage,
            )
            self.web.changes.begin_at(self.store.writer.number)
            refuse(plan, strict=self.config.plugins.strict)
            self.starting = "the broker is started"
            self.broker = await Broker.open(self.config)
            self.starting = "plugins are started"
            await self._start_plugins(plan)
            refuse(plan, strict=self.config.plugins.strict)
            self.starting = "the broker is waited for"
            await self._connect(self.broker)
        except KanadeError as error:
            self._end(1, error)
            raise
        except Exception as error:
            log.exception("the start failed")
            self._end(1, error)
            raise
        self.starting = ""
        log.info("ready", url=self.url)

    # -- plugins -----------------------------------------------------------------------------

    async def _start_plugins(self, plan: Plan) -> None:
        assert self.store is not None
        assert self.broker is not None
        writer = self.store.writer
        manifests = [loaded.state.manifest for loaded in plan.loaded]
        now = self.clock.now()
        tell(await writer.run("host", lambda tx: note_seen(tx, manifests, now)))
        installed = [state.name for state in plan.states]
        self.gone = await writer.run("host", lambda tx: gone(tx, installed))
        tell_gone(self.gone)
        tell_off(plan)
        self.feeds = Feeds(
            bus=self.broker.bus,
            writer=writer,
            clock=self.clock,
            ours=writer.made_by == "kanade_host",
            changed=self._changed,
        )
        for loaded in plan.loaded:
            self.feeds.watch(loaded.name, loaded.subscriptions)
            self.running[loaded.name] = RunningPlugin(
                loaded,
                self._context(loaded, self.store, self.broker, self.feeds),
                plan.plugins,
                self._offers,
                feeds=self._feed,
                active=self._active,
                start_seconds=self.config.plugins.start_seconds,
            )
        self.rebuilds = self._rebuilds(plan, self.store, self.broker, self.feeds)
        for plugin in self.running.values():
            plugin.offer()
        self._open_routes()
        await asyncio.gather(*(self._start_plugin(plugin) for plugin in self.running.values()))

    def _context(self, loaded: Loaded, store: Store, broker: Broker, feeds: Feeds) -> HostContext:
        return HostContext(
            loaded.state,
            loaded.settings,
            bus=broker.bus,
            writer=store.writer,
            readers=store.readers,
            clock=self.clock,
            folder=self.config.data_dir / "plugins",
            offers=self._offers,
            maps=feeds.map_of,
            changed=self._changed,
            on_state=self._on_state,
            sent=self._sent,
        )

    def _rebuilds(self, plan: Plan, store: Store, broker: Broker, feeds: Feeds) -> Rebuilds:
        around = Surroundings(
            bus=broker.bus,
            live=store,
            clock=self.clock,
            runners=feeds.runners,
            context=lambda loaded, scratch: quiet_context(self.running[loaded.name].ctx, scratch),
            on_stuck=self._on_stuck,
        )
        plugins = {loaded.name: loaded for loaded in plan.loaded}
        return Rebuilds(plugins, around, changed=lambda plugin: self._changed("rebuilds", [plugin]))

    def _feed(self, loaded: Loaded, ctx: HostContext) -> Mapping[str, Coroutine[Any, Any, None]]:
        assert self.feeds is not None
        return self.feeds.make(loaded.subscriptions, ctx, ctx.degraded_by)

    def _open_routes(self) -> None:
        """From here on requests are answered; those of a plugin that does not run (yet) with 503."""
        self.web.open(self.running)
        self.web.authentication.order(self.config.plugins.authenticators)

    async def _start_plugin(self, plugin: RunningPlugin) -> None:
        """Start it once what it requires, or comes after, has settled."""
        state = plugin.loaded.state
        for name in (*state.manifest.requires, *state.manifest.after):
            if name in self.running:
                await self.running[name].settled.wait()
        for name in state.manifest.requires:
            if name in self.running and not self.running[name].serves and not state.out:
                state.fail("requires", f"it requires the plugin {name!r}, which did not start")
        if state.out:
            plugin.settled.set()
        else:
            await plugin.start()
        self._on_state(state)

    # -- the broker --------------------------------------------------------------------------

    async def _connect(self, broker: Broker) -> None:
        """Everything that needs the broker; waits for it as long as it takes."""
        assert self.feeds is not None
        assert self.store is not None
        assert self.plan is not None
        bus, writer = broker.bus, self.store.writer
        wanted = [BUCKET, *(resource for loaded in self.plan.loaded for resource in loaded.resources)]
        self.resources = resources = Resources(bus, wanted, self.view.health)

        async def on_connected() -> None:
            resources.reconnected.set()
            if self.lease is not None:
                self.lease.look()

        broker.connection.on_connected(on_connected)
        await bus.ready()
        await resources.ensure()
        self._spawn("resources", resources.keep())
        for name, work in self.feeds.map_works().items():
            self._spawn(name, work)
        self.lease = Lease(bus, f"{writer.epoch} {writer.location.path.resolve()}")
        self.starting = "another host is active, or its lease is waited for"
        await self.lease.acquire()
        self._spawn("lease", self.lease.keep(self._lease_lost))
        self.outbox = Outbox(bus, writer, self.clock)
        self._spawn("outbox", self.outbox.run())
        self._spawn("dead letters", self._letters.keep(self.feeds.runners))
        self._active.set()
        self.starting = "projections begin"
        await self._feeds_run()

    async def _feeds_run(self) -> None:
        """Ready means: what is published from now on is seen."""
        assert self.feeds is not None
        begun = [runner.begun.wait() for runner in self.feeds.runners.values()]
        begun += [sampler.begun.wait() for sampler in self.feeds.samplers.values()]
        await asyncio.gather(*begun, self.feeds.maps_complete())

    async def _lease_lost(self, other: str) -> None:
        self._end(1, OperatorError(f"another host has become the active one: {other}; this one ends"))
        # Until it has ended it would take the other's durables away, and send what is still promised here.
        assert self.broker is not None
        await self.broker.connection.close()

    # -- work of the host itself ---------------------------------------------------------------

    def _spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=name)
        self._works.add(task)
        task.add_done_callback(self._work_ended)

    def _work_ended(self, task: asyncio.Task[None]) -> None:
        self._works.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a part of the host failed", part=task.get_name(), exc_info=task.exception())
            self._end(1, task.exception())

    def replay(self) -> None:
        """Dead letters were marked to be tried again."""
        self._letters.marked.set()

    # -- what others report --------------------------------------------------------------------

    def _on_commit(self, commit: Commit) -> None:
        self.web.on_commit(commit)
        if commit.sent and self.outbox is not None:
            self.outbox.wake()

    async def _sent(self) -> None:
        if self.outbox is not None:
            await self.outbox.sent()

    def _changed(self, topic: str, keys: Sequence[str]) -> None:
        self.web.on_change(topic, keys)

    def _on_state(self, state: PluginState) -> None:
        self._changed("plugins", [state.name])

    def _strays(self, plugin: str, reason: str | None) -> None:
        running = self.running.get(plugin)
        if running is not None:
            running.ctx.degraded_by("tasks", reason)

    def offend(self, plugin: str, reason: str) -> None:
        """Code of this plugin held the loop again and again, or began far too many tasks."""
        running = self.running.get(plugin)
        if running is not None and running.serves:
            running.fail(reason)
            self._on_state(running.loaded.state)

    def _on_stuck(self, owner: str) -> None:
        self.stuck(owner, "its code held the writer thread and did not give it back")

    def stuck(self, plugin: str, reason: str) -> None:
        """Called on a watching thread: nothing but the end of the process frees the thread that is held."""
        try:
            self._suspects.write(plugin, reason)
            log.critical("the process ends", plugin=plugin, reason=reason)
        finally:  # also where the disk is full
            os._exit(Exit.STUCK)

    def _on_damage(self, error: StoreDamaged) -> None:
        self._end(1, error)

    # -- end -----------------------------------------------------------------------------------

    def _end(self, status: int, error: BaseException | None = None) -> None:
        if self._ending is None or self._ending.done():
            return
        if error is not None:
            log.error("the host ends", reason=str(error))
            self.view.health.die(str(error))
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
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait({self._starting}, timeout=2.0)
            if self._starting.done() and not self._starting.cancelled():
                self._starting.exception()
        await self.web.stop_accepting()
        if self.rebuilds is not None:
            await self.rebuilds.close()
        plugins = reversed(self.running.values())
        await asyncio.gather(*(plugin.stop() for plugin in plugins), return_exceptions=True)
        works = set(self._works)
        for work in works:
            work.cancel()
        if works:
            await asyncio.wait(works, timeout=2.0)
        if self.lease is not None and self._active.is_set():
            await self.lease.release()
        if self.broker is not None:
            await self.broker.close()
        if self.store is not None:
            await self.store.close()
        await self.web.close()
        log.info("stopped")

    async def end_strays(self) -> None:
        """After `stop`: end what plugins have left behind, so that the loop can be closed."""
        if self.plan is not None:
            await strays.end_all(self.plan.plugin_of)
