"""Who should have run a job: the expected PCs of the once_* modes (`contract/scheduler.md` 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from kanade_host_heartbeat.api import SERVICE as AGENTS
from kanade_host_heartbeat.api import Agents
from kanade_host_jobs.api import Target

from kanade_host.plugin import BadJson, BadShape, Context, Decoder, Instant

GROUPS = "agent_groups"
ALIVE_SECONDS = 120


class _Row(msgspec.Struct, frozen=True):
    """A row of `agent_groups`."""

    groups: list[str]


_row = Decoder(_Row)
_array: Decoder[list[str]] = Decoder(list[str])


def groups_in(value: bytes | None) -> list[str]:
    """A row's groups; the bare array is what kanade-backend expected and nobody ever wrote."""
    try:
        return _row.decode(value or b"").groups
    except (BadJson, BadShape):
        pass
    try:
        return _array.decode(value or b"")
    except (BadJson, BadShape):
        return []


def expected_pcs(target: Target, alive: Iterable[str], memberships: Mapping[str, Iterable[str]]) -> list[str]:
    """The union of the three selectors, in byte order; PCs that are named need not be alive."""
    found = set(target.pcs)
    present = set(alive)
    if target.all:
        found |= present
    wanted = set(target.groups)
    if wanted:
        found |= {pc_id for pc_id in present if not wanted.isdisjoint(memberships.get(pc_id, ()))}
    return sorted(found, key=str.encode)


class Expected:
    """Asks who is alive, and who is in which group."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def pcs(self, target: Target, now: Instant) -> list[str]:
        """Raises `StoreUnavailable`, and `LookupError` where no plugin knows who is alive."""
        if not (target.all or target.groups):
            return expected_pcs(target, (), {})
        agents: Agents | None = self._ctx.find(AGENTS)
        if agents is None:
            raise LookupError("the heartbeat plugin is off, so nobody is known to be alive; name the PCs")
        alive = await agents.alive(now - ALIVE_SECONDS)
        memberships = {}
        if target.groups:
            rows = self._ctx.watch(GROUPS)
            for pc_id in alive:
                entry = rows.get(pc_id)
                if entry is not None:
                    memberships[pc_id] = groups_in(entry.value)
        return expected_pcs(target, alive, memberships)
