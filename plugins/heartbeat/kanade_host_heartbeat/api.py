"""What the heartbeat plugin offers to others: service `heartbeat.agents`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from kanade_host.plugin import Instant

SERVICE = "heartbeat.agents"


class Agents(Protocol):
    """Who has ever sent a heartbeat, and who did so lately. Raises `StoreUnavailable`."""

    async def known(self) -> list[str]:
        """Every pc_id, in byte order."""
        ...

    async def alive(self, since: Instant) -> list[str]:
        """Those whose last heartbeat is not older, by the agent's clock, in byte order."""
        ...

    async def counts(self, since: Instant) -> tuple[int, int]:
        """How many are known, and how many of them alive."""
        ...

    async def hostnames(self, pc_ids: Sequence[str]) -> dict[str, str | None]:
        """The host name of each of these that is known."""
        ...
