"""What the fleet's heartbeats say about targets, where that plugin is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kanade_host.plugin import Context

if TYPE_CHECKING:
    from kanade_host_heartbeat.api import Agents


async def online(ctx: Context) -> set[str] | None:
    """The PCs that are online, as the list of PCs says it; None: nobody knows."""
    agents: Agents | None = ctx.find("heartbeat.agents")
    return None if agents is None else set(await agents.online())


async def hostnames(ctx: Context, pc_ids: Sequence[str]) -> dict[str, str | None]:
    """Of those that are known."""
    agents: Agents | None = ctx.find("heartbeat.agents")
    return {} if agents is None or not pc_ids else await agents.hostnames(pc_ids)
