"""One rebuild, from its scratch file to the rows in place. Cancelled at any moment, it leaves no trace."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from kanade_host.bus.bus import NatsBus
from kanade_host.loading.collect import Loaded
from kanade_host.parts import Store
from kanade_host.plugin.clock import Clock
from kanade_host.plugin.context import Context
from kanade_host.plugin.errors import OperatorError
from kanade_host.plugin.rebuild import Reach, Rebuild
from kanade_host.plugin.subscriptions import Projection
from kanade_host.projection.replaying import Replay
from kanade_host.projection.runner import Runner
from kanade_host.rebuild.planning import Found, begins_of, find, position_of
from kanade_host.rebuild.scratch import STEP_SECONDS, Scratch, tables_of
from kanade_host.rebuild.status import RebuildStatus
from kanade_host.rebuild.swap import REBUILT, Replayed, swap

log = structlog.get_logger("kanade_host.rebuild")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a rebuild needs of the running host.

    `context(loaded, store)` is the plugin's context over a scratch file, which sends nothing.
    """

    bus: NatsBus
    live: Store
    clock: Clock
    runners: Mapping[str, Runner]
    context: Callable[[Loaded, Store], Context]
    on_stuck: Callable[[str], None]


def projections_of(loaded: Loaded) -> list[Projection]:
    """In the order in which they are replayed: as the plugin names them."""
    return [one for one in loaded.subscriptions if isinstance(one, Projection)]


class Running:
    """One rebuild; `run` is the whole of it, and `status` what can be seen from outside."""

    def __init__(
        self, loaded: Loaded, status: RebuildStatus, around: Surroundings, told: Callable[[str], None]
    ) -> None:
        self.loaded, self.status, self._around, self._told = loaded, status, around, told
        assert loaded.migrations is not None
        self._rebuild: Rebuild = loaded.migrations.rebuild
        self._began = time.monotonic()

    async def run(self) -> None:
        """Rebuild. Raises what prevents it; then everything is as it was."""
        around, loaded = self._around, self.loaded
        found = [await find(one, loaded.name, around.bus, around.live) for one in projections_of(loaded)]
        tables = await asyncio.to_thread(tables_of, loaded, around.live)
        reach = Reach({one.projection.name: begins_of(one, around.clock) for one in found}, tables.dynamic)
        self.status.expected = sum(one.source.messages for one in found)
        self._enter("copying what is kept")
        scratch = await Scratch.open(loaded, around.live, tables, on_stuck=around.on_stuck)
        try:
            with scratch.store.writer.bulk(), around.live.writer.bulk():
                await scratch.prepare(self._rebuild.carry, reach)
                await self._replay(scratch, found, reach)
        finally:
            await scratch.close()

    async def _replay(self, scratch: Scratch, found: Sequence[Found], reach: Reach) -> None:
        self._began = time.monotonic()
        ctx = self._around.context(self.loaded, scratch.store)
        replays = {one.projection.name: self._replay_of(one, ctx, scratch) for one in found}
        try:
            for one in found:
                self._enter(f"replaying {one.projection.name}")
                await replays[one.projection.name].until(one.source.last)
            self._enter("carrying over older rows")
            await scratch.complete(self._rebuild.complete, reach)
            async with self._held():
                self._enter("replaying the last messages")
                ends = [await self._last(one, replays[one.projection.name]) for one in found]
                await self._swap(scratch, ends, reach)
        finally:
            for replay in replays.values():
                await replay.close()

    def _replay_of(self, one: Found, ctx: Context, scratch: Scratch) -> Replay:
        return Replay(
            one.projection,
            ctx,
            bus=self._around.bus,
            writer=scratch.store.writer,
            created=one.created,
            progress=self._progress,
            waiting=self._waiting,
        )

    @contextlib.asynccontextmanager
    async def _held(self) -> AsyncIterator[None]:
        """Nothing moves in the live rows of this plugin meanwhile."""
        async with contextlib.AsyncExitStack() as stack:
            for one in projections_of(self.loaded):
                runner = self._around.runners.get(one.name)
                if runner is not None:
                    await stack.enter_async_context(runner.held)
            yield

    async def _last(self, one: Found, replay: Replay) -> Replayed:
        """Replay what the live projection has read meanwhile."""
        position = await position_of(one.projection, self.loaded.name, self._around.live)
        same = position is not None and position.stream_created == one.created
        if not same and one.source.last:
            raise OperatorError(f"stream {one.source.stream} was made anew meanwhile: rebuild once more")
        last = position.sequence if position is not None and same else 0
        await replay.until(last)
        return Replayed(one.projection.name, one.created, one.source.first, last)

    async def _swap(self, scratch: Scratch, ends: Sequence[Replayed], reach: Reach) -> None:
        self._enter("putting the rows in place")
        # Fixed before the writer is asked: from here on the rows are replaced, whoever cancels.
        topics = sorted({topic for route in self.loaded.routes for topic in route.fresh or ()})
        step, tables = self._rebuild.settle, scratch.tables

        def work(tx: Any) -> dict[str, tuple[int, int]]:
            return swap(tx, tables, ends, step, reach, topics)

        replacing = asyncio.ensure_future(
            self._around.live.writer.run(
                self.loaded.name,
                work,
                urgent=False,
                deadline=STEP_SECONDS,
                attach=(REBUILT, scratch.location),
            )
        )
        try:
            self.status.rows = await asyncio.shield(replacing)
        except asyncio.CancelledError:
            await asyncio.wait({replacing})
            if replacing.exception() is None:
                self.status.rows = replacing.result()
            raise
        letters = "SELECT count(*) FROM host_dead_letters"
        self.status.dead_letters = (await scratch.store.readers.query(letters))[0][0]

    # -- what is told --------------------------------------------------------------------------

    def _enter(self, phase: str) -> None:
        self.status.phase = phase
        log.info("rebuild", plugin=self.loaded.name, phase=phase)
        self._told(self.loaded.name)

    def _progress(self, count: int) -> None:
        self.status.messages += count
        self.status.rate = round(self.status.messages / max(time.monotonic() - self._began, 1e-6), 1)
        self._told(self.loaded.name)

    def _waiting(self, reason: str | None) -> None:
        self.status.waiting = reason
        self._told(self.loaded.name)
