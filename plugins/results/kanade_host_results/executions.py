"""The service `results.executions`: what others may do with executions."""

from __future__ import annotations

from collections.abc import Sequence

from kanade_host.plugin import Caller, Context, Instant
from kanade_host_results import batches, firing, holding, live, past, successes, withdrawing
from kanade_host_results.api import Fire, Hold, OpenBatch, Past
from kanade_host_results.staging import Release


class ExecutionsService:
    """Implements `kanade_host_results.api.Executions`."""

    def __init__(self, ctx: Context, release: Release) -> None:
        self._ctx, self.release = ctx, release

    async def fire(self, fire: Fire) -> None:
        await firing.fire(self._ctx, fire, self.release)

    async def live_counts(self) -> dict[str, tuple[int, int]]:
        return await live.live_counts(self._ctx)

    async def open_executions(self, job_id: str) -> list[str]:
        return await live.open_executions(self._ctx, job_id)

    async def all_open(self) -> list[str]:
        return await live.all_open(self._ctx)

    async def exists(self, exec_id: str) -> bool:
        return await live.exists(self._ctx, exec_id)

    async def past(self, exec_id: str) -> Past | None:
        return await past.past(self._ctx, exec_id)

    async def kill(self, exec_ids: Sequence[str], caller: Caller | None) -> list[tuple[str, str]]:
        pairs = []
        for exec_id in dict.fromkeys(exec_ids):
            pairs += await withdrawing.kill(self._ctx, exec_id, caller)
        return pairs

    async def open_batches(self) -> list[OpenBatch]:
        return await batches.open_batches(self._ctx)

    async def batch_pcs(self, exec_id: str, number: int) -> list[str]:
        return await batches.batch_pcs(self._ctx, exec_id, number)

    async def send_batch(self, exec_id: str, number: int) -> bool:
        return await batches.send_batch(self._ctx, exec_id, number, self.release)

    async def stop_batches(self, exec_id: str, reason: str, caller: Caller | None) -> bool:
        return await batches.stop_batches(self._ctx, exec_id, reason, caller, self.release)

    async def clear(self, reason: str, caller: Caller | None) -> tuple[int, int]:
        return await holding.clear(self._ctx, reason, caller)

    async def hold(self, reason: str, caller: Caller) -> Hold:
        return await holding.hold(self._ctx, reason, caller)

    async def resume(self, caller: Caller) -> Hold | None:
        return await holding.resume(self._ctx, caller)

    async def held(self) -> Hold | None:
        return await holding.held(self._ctx)

    async def revoke(self, job_id: str) -> list[tuple[str, str]]:
        pairs = []
        for exec_id in await live.undelivered_executions(self._ctx, job_id):
            pairs += await withdrawing.withdraw(
                self._ctx, exec_id, "skipped", "revoked before it was delivered"
            )
        return pairs

    async def waiting(self, job_id: str) -> list[tuple[str, str]]:
        return await live.waiting(self._ctx, job_id)

    async def unwanted(self, limit: int = 500) -> list[tuple[str, str]]:
        return await live.unwanted(self._ctx, limit)

    async def gone(self, request_ids: Sequence[str]) -> None:
        await withdrawing.gone(self._ctx, request_ids)

    async def recent(self, since: Instant) -> tuple[int, int]:
        return await live.recent(self._ctx, since)

    async def last_success(self, job_id: str) -> dict[str, Instant]:
        return await successes.last_success(self._ctx, job_id)
