"""Schedules that name a PC, when it leaves (`kanade_host_heartbeat.api.PcRecords`).

A schedule is what somebody wrote: it is not changed, but whoever takes the PC out is told.
"""

from __future__ import annotations

from kanade_host.plugin import Context
from kanade_host_scheduler.completing import BUCKET
from kanade_host_scheduler.schedule import Undecodable, read_entry


class ScheduleRecords:
    """Nothing is kept by pc_id here; targets may name it."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def retire(self, pc_id: str) -> tuple[int, list[str]]:
        return 0, [f"schedule `{name}` names `{pc_id}` as its target" for name in self._naming(pc_id)]

    async def move(self, pc_id: str, successor: str) -> tuple[int, list[str]]:
        del successor
        return await self.retire(pc_id)

    def _naming(self, pc_id: str) -> list[str]:
        found = []
        for key, entry in self._ctx.watch(BUCKET).items():
            try:
                schedule = read_entry(key, entry.value or b"")
            except Undecodable:
                continue
            if pc_id in schedule.target.pcs:
                found.append(key)
        return found
