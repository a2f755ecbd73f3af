"""What the heartbeat plugin offers to others, and what it asks of them when a PC leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from kanade_host.plugin import Instant

SERVICE = "heartbeat.agents"
SELECTION = "heartbeat.selection"


class Agents(Protocol):
    """Who has ever sent a heartbeat, and who did so lately. Raises `StoreUnavailable`."""

    async def known(self) -> list[str]:
        """Every pc_id, in byte order."""
        ...

    async def alive(self, since: Instant) -> list[str]:
        """Those whose last heartbeat is not older, by the agent's clock, in byte order."""
        ...

    async def online(self) -> list[str]:
        """Those heard within three of their own heartbeat intervals, by receipt, in byte order."""
        ...

    async def counts(self, since: Instant) -> tuple[int, int]:
        """How many are known, and how many of them alive."""
        ...

    async def hostnames(self, pc_ids: Sequence[str]) -> dict[str, str | None]:
        """The host name of each of these that is known."""
        ...


@dataclass(frozen=True, slots=True)
class Selected:
    """Which PCs a selection means.

    `pc_ids` in byte order · `unknown`: names that no PC has, in the order given · `ambiguous`: host names
    that several PCs have, with their pc_ids, all of which count as named · `left_out`: PCs that were named
    and do not pass the filter.
    """

    pc_ids: list[str]
    unknown: list[str]
    ambiguous: dict[str, list[str]]
    left_out: list[str]


class Selection(Protocol):
    """From a filter, or a list of names, or both, to PCs.

    The filter is the JSON object of `POST /api/fleet/select` (docs/fleet.md). Names are pc_ids or host
    names, in either case of letters. Raises `HttpError` 400 for what cannot be asked or selects more than
    100,000 PCs, and `StoreUnavailable`.
    """

    def checked(self, filter: Mapping[str, Any]) -> dict[str, Any]:
        """The filter in its shortest form, to be stored; 400 when it is none."""
        ...

    async def select(
        self, filter: Mapping[str, Any] | None = None, names: Sequence[str] | None = None
    ) -> Selected:
        """The PCs that pass the filter and are among the names; what is None does not restrict.

        An empty filter is every known PC; an empty list of names is nobody; both None is a 400.
        """
        ...


Part = tuple[int, list[str]]
"""What a plugin did: rows (or entries of buckets) that it changed, and what a person should know."""


class PcRecords(Protocol):
    """What a plugin keeps by pc_id. Offered as `PLUGIN.pc_records`, by each plugin for its own alone.

    Both may be called again for the same PC, also after a crash half-way, and have to stand that. What
    they raise is shown, and tried again later. A history of what was done at the time (audit, targets of
    past fires) keeps the id that was meant then.
    """

    async def retire(self, pc_id: str) -> Part:
        """The PC is gone for good. Let go of what would go on without it; history may stay."""
        ...

    async def move(self, pc_id: str, successor: str) -> Part:
        """What belongs to `pc_id` belongs to `successor` now. What that one has already stays its own."""
        ...
