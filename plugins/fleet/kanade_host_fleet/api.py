"""What the fleet plugin offers to others: `fleet.groups`, `fleet.intervals`, `fleet.dynamic_groups`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

SERVICE = "fleet.groups"
INTERVALS = "fleet.intervals"
DYNAMIC = "fleet.dynamic_groups"


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

    def of(self, pc_ids: Iterable[str]) -> dict[str, list[str]]:
        """The same for these PCs alone; those without groups are left out."""
        ...


class HeartbeatIntervals(Protocol):
    """How often each PC is configured to send a heartbeat, from the live maps."""

    def version(self) -> object:
        """Equal to what it was before as long as nothing changed."""
        ...

    def seconds(self, pc_ids: Iterable[str]) -> dict[str, float]:
        """The interval of each of these PCs that is not the agents' own 30 s."""
        ...


class DynamicGroups(Protocol):
    """Service `fleet.dynamic_groups`: groups whose members a filter decides."""

    def changed(self) -> None:
        """Something that filters ask for changed: look soon, instead of within a minute."""
        ...
