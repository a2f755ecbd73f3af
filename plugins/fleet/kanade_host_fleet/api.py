"""What the fleet plugin offers to others: service `fleet.groups`."""

from __future__ import annotations

from typing import Protocol

SERVICE = "fleet.groups"


class Groups(Protocol):
    """Which PC is in which group. A row that does not decode counts as no groups.

    The waiting calls read what is in the bucket now; they raise `BrokerUnavailable` and
    `ResourceMissing`.
    """

    async def members(self, group: str) -> list[str]:
        """The PCs of a group, in byte order; none when there is no such group."""
        ...

    async def groups_of(self, pc_id: str) -> list[str]:
        """The groups of a PC, in byte order."""
        ...

    def snapshot(self) -> dict[str, list[str]]:
        """pc_id -> its groups, from the live map: may lag behind the bucket by a moment."""
        ...
