"""What stands against firing now, although the fire itself is in order."""

from __future__ import annotations

from kanade_host_results.api import SERVICE, Executions, Hold

from kanade_host.plugin import Context
from kanade_host_jobs.api import Withheld


class Gate:
    """Asked before anything is written. What it lets pass just before a hold is held in the outbox."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def held(self) -> Hold | None:
        """The emergency stop, where it is in force."""
        executions: Executions = self._ctx.service(SERVICE)
        return await executions.held()

    async def check(self) -> None:
        """Raises `Withheld`; `StoreUnavailable` where nobody can say: then nothing is fired."""
        held = await self.held()
        if held is not None:
            raise Withheld("paused", paused(held))


def paused(held: Hold) -> str:
    """What a client is told."""
    return (
        f"everything is paused since {held.since.wire} by {held.by or 'somebody'}: {held.reason}; "
        "nothing was fired; `POST /api/emergency/resume` ends the pause"
    )
