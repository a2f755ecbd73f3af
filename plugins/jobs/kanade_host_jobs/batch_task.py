"""Sends waves and batches when they are due, and stops them when too many PCs fail.

What decides is in rows of the results plugin, so a restart takes up where this stood. While everything is
paused or frozen, or the broker is away (no result could come), no batch goes; afterwards the pauses hold
again.
"""

from __future__ import annotations

import asyncio
from itertools import groupby

from kanade_host_results.api import SERVICE, Executions, OpenBatch

from kanade_host.plugin import Context, Instant, KanadeError
from kanade_host_jobs.gate import Gate

LOOK_SECONDS = 0.5
CAUGHT_UP_SECONDS = 5.0
"""After a start results that came meanwhile are counted first, where they may stop the rest."""


class BatchTask:
    """One for the plugin."""

    def __init__(self, ctx: Context, gate: Gate) -> None:
        self._ctx, self._gate = ctx, gate
        self._began: float | None = None

    async def run(self) -> None:
        """The task: as long as the plugin runs."""
        self._began = self._ctx.clock.monotonic()
        while True:
            try:
                await self.look()
            except KanadeError as error:
                self._ctx.log.warning("batches wait", reason=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Send and stop what is to be sent and stopped now."""
        executions: Executions = self._ctx.service(SERVICE)
        found = await executions.open_batches()
        if not found:
            return
        free = self._ctx.bus.connected and await self._gate.held() is None
        now = self._ctx.clock.now()
        for exec_id, batches in groupby(found, key=lambda one: one.exec_id):
            await self._execution(executions, exec_id, list(batches), now, free=free)

    async def _execution(
        self, executions: Executions, exec_id: str, batches: list[OpenBatch], now: Instant, *, free: bool
    ) -> None:
        first = batches[0]
        if first.stop_at.reached(first.failed, first.sent):
            reason = f"stopped: {first.failed} of {first.sent} PCs failed or timed out"
            self._ctx.log.warning("a fire in batches is stopped", exec_id=exec_id, reason=reason)
            await executions.stop_batches(exec_id, reason, None)
            return
        if not free or not self._caught_up(first):
            return
        for batch in batches:
            if batch.due is not None and batch.due <= now:
                pcs = await executions.batch_pcs(exec_id, batch.number)
                if await self._gate.batch_is_frozen(exec_id, pcs):
                    continue
                await executions.send_batch(exec_id, batch.number)
                self._ctx.log.info("a batch goes out", exec_id=exec_id, batch=batch.number)

    def _caught_up(self, batch: OpenBatch) -> bool:
        if self._began is None or (batch.stop_at.count is None and batch.stop_at.percent is None):
            return True
        return self._ctx.clock.monotonic() - self._began >= CAUGHT_UP_SECONDS
