"""The rebuilds of a running host: begun, watched, cancelled. One for each plugin at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

import structlog

from kanade_host.loading.collect import Loaded
from kanade_host.plugin.errors import KanadeError, OperatorError
from kanade_host.rebuild.planning import find, plan_of
from kanade_host.rebuild.running import Running, Surroundings, projections_of
from kanade_host.rebuild.scratch import tables_of
from kanade_host.rebuild.status import LossesNotAccepted, RebuildPlan, RebuildStatus

log = structlog.get_logger("kanade_host.rebuild")

KEPT = 20
TELL_SECONDS = 0.5


class NoSuchRebuild(OperatorError):
    """No such plugin, or none of it runs; or nothing is there to rebuild from."""


class AlreadyRunning(OperatorError):
    """That plugin is being rebuilt."""


class Rebuilds:
    """All calls on the event loop. `changed(plugin)` tells whoever watches."""

    def __init__(
        self, plugins: Mapping[str, Loaded], around: Surroundings, *, changed: Callable[[str], None]
    ) -> None:
        self._plugins, self._changed = plugins, changed
        self._around = around
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._number = 0
        self._told = 0.0
        self.all: list[RebuildStatus] = []
        """The newest last, the finished ones too."""

    @property
    def busy(self) -> bool:
        """One is running."""
        return bool(self._tasks)

    def told(self, plugin: str) -> None:
        """Something of a rebuild has changed; passed on twice a second at most."""
        now = time.monotonic()
        if now - self._told >= TELL_SECONDS:
            self._told = now
            self._changed(plugin)

    async def plan(self, plugin: str) -> RebuildPlan:
        """What a rebuild would do. Raises `NoSuchRebuild`, `BrokerUnavailable`, `ResourceMissing`."""
        loaded = self._loaded(plugin)
        around = self._around
        found = [await find(one, plugin, around.bus, around.live) for one in projections_of(loaded)]
        tables = await asyncio.to_thread(tables_of, loaded, around.live)
        assert loaded.migrations is not None
        rebuild = loaded.migrations.rebuild
        return await asyncio.to_thread(plan_of, plugin, rebuild, found, tables, around.live)

    async def begin(self, plugin: str, *, lose: bool) -> RebuildStatus:
        """Begin, in the background. `lose`: rows that no stream gives again may go.

        Raises `AlreadyRunning`, `LossesNotAccepted` and what `plan` raises.
        """
        self._refuse_second(plugin)
        plan = await self.plan(plugin)
        if plan.losses and not lose:
            raise LossesNotAccepted(plan.losses)
        self._refuse_second(plugin)
        self._number += 1
        status = RebuildStatus(plugin=plugin, number=self._number, started_at=self._around.clock.now())
        self.all = [*self.all, status][-KEPT:]
        work = self._watched(Running(self._loaded(plugin), status, self._around, self.told))
        task = self._tasks[plugin] = asyncio.create_task(work, name=f"rebuild {plugin}")
        task.add_done_callback(lambda _: self._tasks.pop(plugin, None))
        return status

    def cancel(self, plugin: str) -> bool:
        """Everything stays as it was, unless the rows are in place already. False: nothing to cancel."""
        task = self._tasks.get(plugin)
        return task is not None and task.cancel()

    async def close(self) -> None:
        """The host ends: so do they, and their scratch files go."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _refuse_second(self, plugin: str) -> None:
        if plugin in self._tasks:
            raise AlreadyRunning(f"the tables of {plugin} are being rebuilt already")

    def _loaded(self, plugin: str) -> Loaded:
        loaded = self._plugins.get(plugin)
        if loaded is None or loaded.state.out:
            raise NoSuchRebuild(f"no plugin {plugin!r} runs here")
        if loaded.migrations is None or not projections_of(loaded):
            raise NoSuchRebuild(
                f"plugin {plugin!r} has no tables that come from a stream: there is nothing to rebuild from"
            )
        return loaded

    async def _watched(self, running: Running) -> None:
        status = running.status
        try:
            await running.run()
            status.state, status.phase = "done", "done"
        except asyncio.CancelledError:
            # A swap that could not be stopped any more counts.
            status.state = "done" if status.rows else "cancelled"
        except Exception as error:
            status.state = "failed"
            status.reason = (
                str(error) if isinstance(error, KanadeError) else f"{type(error).__name__}: {error}"
            )
            if not isinstance(error, KanadeError):
                log.exception("a rebuild failed", plugin=status.plugin)
        status.ended_at, status.waiting = self._around.clock.now(), None
        log.info(
            "rebuild ended",
            plugin=status.plugin,
            state=status.state,
            messages=status.messages,
            reason=status.reason,
        )
        self._changed(status.plugin)
