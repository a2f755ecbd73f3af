"""What obs keeps by pc_id, when a PC gets another id (`kanade_host_heartbeat.api.PcRecords`)."""

from __future__ import annotations

from kanade_host.plugin import Context, move_rows


class ObsRecords:
    """Events end by themselves: retiring a PC leaves them to the retention."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def retire(self, pc_id: str) -> tuple[int, list[str]]:
        del pc_id
        return 0, []

    async def move(self, pc_id: str, successor: str) -> tuple[int, list[str]]:
        return await move_rows(self._ctx, "obs_events", pc_id, successor, topic="obs"), []
