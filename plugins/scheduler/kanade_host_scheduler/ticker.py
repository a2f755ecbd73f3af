"""The loop that lets schedules tick.

`contract/scheduler.md` 4: a tick is due when the clock has reached it; the next one is then worked out from
now, so that a stall or a clock set forward gives one late tick and a clock set back gives none. A schedule
that is still at its tick before lets the new one pass, and says so.
"""

from __future__ import annotations

import asyncio
import contextlib

from kanade_host.plugin import Context, Instant, KanadeError
from kanade_host_scheduler import ledger
from kanade_host_scheduler.registry import Registration, Registry
from kanade_host_scheduler.ticks import Tick, Ticks

POLL_SECONDS = 0.25
RESUMING = ""
"""No schedule has this key."""
AT_ONCE = 8
"""Ticks that are decided at the same time."""


class Ticker:
    """Runs as long as the plugin does."""

    def __init__(self, ctx: Context, registry: Registry, ticks: Ticks) -> None:
        self._ctx, self._registry, self._ticks = ctx, registry, ticks
        self._running: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Finish what a crash left, then tick."""
        self._running[RESUMING] = asyncio.create_task(self._ticks.resume())
        try:
            while True:
                self._registry.changed.clear()
                await self._due(self._ctx.clock.now())
                # Not `wait_for`: on Python 3.11 it forgets a stop that comes together with the change.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._pause()):
                        await self._registry.changed.wait()
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)
            self._running.clear()

    def _pause(self) -> float:
        """Seconds to the next tick, at most a poll: the clock may be set."""
        due = min((one.next_due for one in self._registry.all.values() if one.next_due), default=None)
        if due is None:
            return POLL_SECONDS
        away: float = due - self._ctx.clock.now()
        return min(max(away, 0.001), POLL_SECONDS)

    async def _due(self, now: Instant) -> None:
        for key, one in list(self._registry.all.items()):
            if one.next_due is None or one.next_due > now:
                continue
            due, one.next_due = one.next_due, one.rhythm.after(now)
            busy = self._running.get(key)
            if busy is not None and not busy.done():
                await self._pass(key, one, due, now)
                continue
            task = asyncio.create_task(self._tick(Tick(one.schedule, due, one.revision, one.next_due)))
            self._running[key] = task
            task.add_done_callback(lambda done, key=key: self._forget(key, done))  # type: ignore[misc]

    async def _tick(self, tick: Tick) -> None:
        async with self._room:
            await self._ticks.tick(tick)

    async def _pass(self, key: str, one: Registration, due: Instant, now: Instant) -> None:
        """The tick before is not at its end: one fire at a time."""
        reason = "the tick before was still being decided"
        try:
            await self._ctx.write(lambda tx: ledger.note(tx, key, "skipped", reason, due, now))
        except KanadeError as error:
            self._ctx.log.warning("a tick passed unrecorded", schedule=one.schedule.id, reason=str(error))

    def _forget(self, key: str, task: asyncio.Task[None]) -> None:
        if self._running.get(key) is task:
            del self._running[key]
