"""From pasted names to PCs: pc_id first, then pc_id in either case, then host name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kanade_host.plugin import Context

_ALL = "SELECT pc_id, hostname FROM agents WHERE pc_id IS NOT NULL ORDER BY pc_id"


@dataclass(slots=True)
class Resolved:
    """PCs in the order of their names; names that no PC has; host names that several have."""

    pc_ids: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    ambiguous: dict[str, list[str]] = field(default_factory=dict)


async def resolve(ctx: Context, names: Sequence[str]) -> Resolved:
    """Which PCs are named; a PC counts once."""
    rows = [(row[0], row[1]) for row in await ctx.query(_ALL)]
    return await asyncio.to_thread(_matched, rows, names)


def _matched(rows: Iterable[tuple[str, str | None]], names: Sequence[str]) -> Resolved:
    exact: set[str] = set()
    folded: dict[str, list[str]] = {}
    hosts: dict[str, list[str]] = {}
    for pc_id, hostname in rows:
        exact.add(pc_id)
        folded.setdefault(pc_id.casefold(), []).append(pc_id)
        if hostname:
            hosts.setdefault(hostname.casefold(), []).append(pc_id)
    found: dict[str, None] = {}
    outcome = Resolved()
    for name in dict.fromkeys(names):
        key = name.casefold()
        matches = [name] if name in exact else folded.get(key) or hosts.get(key)
        if not matches:
            outcome.unknown.append(name)
            continue
        if len(matches) > 1:
            outcome.ambiguous[name] = matches
        found |= dict.fromkeys(matches)
    outcome.pc_ids = list(found)
    return outcome
