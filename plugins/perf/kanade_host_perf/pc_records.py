"""What perf keeps by pc_id, when a PC gets another id (`kanade_host_heartbeat.api.PcRecords`)."""

from __future__ import annotations

from kanade_host.plugin import Context, move_rows
from kanade_host_perf.busiest import SERVICE, Busiest
from kanade_host_perf.moving import move_sums

TABLES = {"host_perf_samples": "host_perf", "process_perf_samples": "process_perf"}
"""Each with the topic of its answers. The sums in `perf_host_rollups` are added up instead (`moving.py`)."""


class PerfRecords:
    """Samples end by themselves: retiring a PC leaves them to the retention."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def retire(self, pc_id: str) -> tuple[int, list[str]]:
        del pc_id
        return 0, []

    async def move(self, pc_id: str, successor: str) -> tuple[int, list[str]]:
        rows = 0
        with self._ctx.service(SERVICE, Busiest).doubted():
            for table, topic in TABLES.items():
                rows += await move_rows(self._ctx, table, pc_id, successor, topic=topic)
            await move_sums(self._ctx, pc_id, successor)
        return rows, []
