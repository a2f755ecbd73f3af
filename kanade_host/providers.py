"""The host as its own routes see it (`kanade_host.web.providers.Host`), read from the app's parts."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from kanade_host import __version__
from kanade_host.bus.overview import BrokerView, held
from kanade_host.observe.health import Health, Reason
from kanade_host.observe.metrics import Metrics, PluginFigures, SampleFigures, WriterFigures
from kanade_host.plugin.clock import Clock
from kanade_host.plugin.errors import HttpError, KanadeError, StoreUnavailable
from kanade_host.plugin.instants import Instant
from kanade_host.plugin.subscriptions import Tx
from kanade_host.rebuild.rebuilds import AlreadyRunning, NoSuchRebuild, Rebuilds
from kanade_host.rebuild.status import LossesNotAccepted, RebuildPlan, RebuildStatus, as_json

if TYPE_CHECKING:
    from kanade_host.app import App

T = TypeVar("T")


class HostView:
    """Everything here is asked on the event loop, but for `stuck` and `plugin_of`."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.health = Health(app.clock)
        self._metrics = Metrics(__version__)
        sources = self._metrics.sources
        sources.projections = lambda: [runner.status for runner in self._runners()]
        sources.samples = self._samples
        sources.plugins = lambda: [PluginFigures(row["name"], row["state"]) for row in self.plugins()]
        sources.writer = self._writer
        sources.connected = lambda: app.broker.bus.connected if app.broker else None
        sources.outbox = lambda: app.outbox.waiting if app.outbox else None
        self.loop_lag = self._metrics.loop_lag

    def watch_http(self) -> None:
        """Count what HTTP does too, once there is HTTP."""
        self._metrics.add(self._app.web.metrics)

    # -- state -------------------------------------------------------------------------------

    @property
    def version(self) -> str:
        return __version__

    @property
    def clock(self) -> Clock:
        return self._app.clock

    @property
    def starting(self) -> str:
        return self._app.starting

    @property
    def dead(self) -> str | None:
        return self.health.dead_because

    def reasons(self) -> Sequence[Reason]:
        self._note_broker()
        return self.health.reasons

    def _note_broker(self) -> None:
        app = self._app
        if app.broker is not None:
            away = None if app.broker.bus.connected else app.broker.connection.failure
            self.health.note("broker", away, blocking=False)
        if app.lease is not None:
            other = app.lease.other
            self.health.note("lease", f"{other.words} is the active host" if other else None)
        if app.outbox is not None:
            self.health.note("outbox", app.outbox.failure or None, blocking=False)
        for row in self.plugins():
            unwell = row["state"] in ("failed", "degraded", "incompatible")
            text = f"{row['state']}: {row['reason']}" if unwell else None
            self.health.note(f"plugin {row['name']}", text, blocking=False)

    # -- what runs ---------------------------------------------------------------------------

    def plugins(self) -> Sequence[Mapping[str, Any]]:
        plan = self._app.plan
        return [state.as_json() for state in plan.states] if plan else []

    def uninstalled(self) -> Sequence[Mapping[str, Any]]:
        return [
            {"name": one.name, "distribution": one.distribution, "version": one.version}
            for one in self._app.gone
        ]

    def projections(self) -> Sequence[Mapping[str, Any]]:
        return [*map(_projection, self._runners()), *(_sampling(one) for one in self._samples())]

    def plugin_of(self, module: str) -> str | None:
        return self._app.plan.plugin_of(module) if self._app.plan else None

    def _runners(self) -> Sequence[Any]:
        return list(self._app.feeds.runners.values()) if self._app.feeds else []

    def _samples(self) -> list[SampleFigures]:
        samplers = self._app.feeds.samplers if self._app.feeds else {}
        return [
            SampleFigures(name, one.plugin, one.received, one.written, one.lost, one.bad)
            for name, one in samplers.items()
        ]

    def _writer(self) -> WriterFigures | None:
        store = self._app.store
        if store is None:
            return None
        writer, stats = store.writer, store.writer.stats
        return WriterFigures(
            writer.number,
            stats.commits,
            stats.jobs,
            stats.failed,
            stats.busy_seconds,
            stats.last_commit_seconds,
            writer.sync_seconds,
            writer.waiting,
        )

    async def broker(self) -> BrokerView:
        broker = self._app.broker
        if broker is None:
            return BrokerView(connected=False, reason="the broker is not open yet", embedded=False, held=[])
        connection = broker.connection
        view = BrokerView(
            connected=broker.bus.connected,
            reason=None if broker.bus.connected else connection.failure or None,
            embedded=self._app.config.embedded,
            held=[],
        )
        if not view.connected:
            return view
        try:
            return msgspec.structs.replace(view, held=await held(broker.bus))
        except KanadeError as error:
            return msgspec.structs.replace(view, reason=str(error))

    # -- the host's own tables -----------------------------------------------------------------

    async def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        if self._app.store is None:
            raise StoreUnavailable("the database is not open yet")
        return await self._app.store.readers.query(sql, parameters)

    async def write(self, work: Callable[[Tx], T]) -> T:
        if self._app.store is None:
            raise StoreUnavailable("the database is not open yet")
        return await self._app.store.writer.run("host", work)

    # -- rebuilds ----------------------------------------------------------------------------

    def rebuilds(self) -> Sequence[Mapping[str, Any]]:
        return [as_json(one) for one in self._app.rebuilds.all] if self._app.rebuilds else []

    async def rebuild_plan(self, plugin: str) -> RebuildPlan:
        with _as_http():
            return await self._rebuilds().plan(plugin)

    async def rebuild(self, plugin: str, *, lose: bool) -> RebuildStatus:
        with _as_http():
            return await self._rebuilds().begin(plugin, lose=lose)

    def cancel_rebuild(self, plugin: str) -> bool:
        return self._app.rebuilds is not None and self._app.rebuilds.cancel(plugin)

    def _rebuilds(self) -> Rebuilds:
        if self._app.rebuilds is None:
            raise StoreUnavailable("the database is not open yet")
        return self._app.rebuilds

    # -- orders ------------------------------------------------------------------------------

    def replay(self) -> None:
        self._app.replay()

    def metrics(self) -> tuple[bytes, str]:
        return self._metrics.render(), self._metrics.content_type

    def offend(self, plugin: str, reason: str) -> None:
        self._app.offend(plugin, reason)

    def stuck(self, plugin: str, reason: str) -> None:
        self._app.stuck(plugin, reason)


@contextlib.contextmanager
def _as_http() -> Iterator[None]:
    try:
        yield
    except NoSuchRebuild as error:
        raise HttpError(404, str(error)) from error
    except (AlreadyRunning, LossesNotAccepted) as error:
        raise HttpError(409, str(error)) from error


def _projection(runner: Any) -> dict[str, Any]:
    status = runner.status
    at = Instant.from_ns(status.time_ns).wire if status.time_ns else None
    return {
        "name": status.name,
        "kind": "projection",
        "plugin": status.plugin,
        "stream": status.stream,
        "durable": status.durable,
        "state": status.state,
        "reason": status.reason or None,
        "begun": status.begun or None,
        "sequence": status.sequence,
        "at": at,
        "lag": status.lag if status.lag >= 0 else None,
        "lag_at_most": status.lag_at_most,
        "rate": round(status.rate, 1),
        "messages": status.messages,
        "batches": status.batches,
        "dead_letters": status.dead_letters,
        "gaps": [list(gap) for gap in status.gaps],
    }


def _sampling(one: SampleFigures) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": "samples",
        "plugin": one.plugin,
        "state": "running",
        "received": one.received,
        "written": one.written,
        "dropped": one.dropped,
        "bad": one.bad,
    }
