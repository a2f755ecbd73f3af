"""The agent's durable on EXEC, when a PC leaves (`kanade_host_heartbeat.api.PcRecords`)."""

from __future__ import annotations

from kanade_host.plugin import ApiError, Context
from kanade_host_jobs.replay_durables import NOT_FOUND
from kanade_host_jobs.replay_filters import durable_of


class ReplayRecords:
    """A PC that is gone needs no bookmark, and the broker need not keep its place.

    Here the durable goes whoever made it: that the PC is gone was said by a person. One that another PC
    shares, because their ids become one name, stays.
    """

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def retire(self, pc_id: str) -> tuple[int, list[str]]:
        name = durable_of(pc_id)
        agents = self._ctx.find("heartbeat.agents")
        if agents is not None:
            sharing = [one for one in await agents.known() if durable_of(one) == name]
            if sharing:
                return 0, [f"durable {name} stays: `{sharing[0]}` uses it"]
        try:
            await self._ctx.bus.api(f"CONSUMER.DELETE.EXEC.{name}")
        except ApiError as error:
            if error.code != NOT_FOUND:
                raise
            return 0, []
        return 1, [f"durable {name} deleted"]

    async def move(self, pc_id: str, successor: str) -> tuple[int, list[str]]:
        del successor  # its agent has a durable of its own
        return await self.retire(pc_id)
