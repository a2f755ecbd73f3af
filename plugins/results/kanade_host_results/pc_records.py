"""What results keeps by pc_id, when a PC gets another id (`kanade_host_heartbeat.api.PcRecords`).

The targets of fires keep the id that was addressed then; each leads to its result by the result's id.
"""

from __future__ import annotations

from kanade_host.plugin import Context, Tx, move_rows
from kanade_host_results.recent import void

_SUCCESSES = """
INSERT INTO result_successes (job_id, pc_id, finished_at)
SELECT job_id, ?, finished_at FROM result_successes WHERE pc_id = ?
ON CONFLICT (job_id, pc_id) DO UPDATE SET finished_at = max(finished_at, excluded.finished_at)
"""
_GONE = "DELETE FROM result_successes WHERE pc_id = ?"


class ResultRecords:
    """Results are history, and successes keep a schedule from running again: retiring touches neither."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def retire(self, pc_id: str) -> tuple[int, list[str]]:
        del pc_id
        return 0, []

    async def move(self, pc_id: str, successor: str) -> tuple[int, list[str]]:
        def successes(tx: Tx) -> int:
            moved = tx.execute(_SUCCESSES, (successor, pc_id)).rowcount
            tx.execute(_GONE, (pc_id,))
            return moved

        rows = await self._ctx.write(successes)
        try:
            rows += await move_rows(self._ctx, "execution_results", pc_id, successor, topic="results")
        finally:
            await self._ctx.write(void)  # lists of both names, also where some rows were moved
        return rows, []
