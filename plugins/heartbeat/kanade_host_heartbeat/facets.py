"""Counts by value: of all PCs that a filter lets through, how many have which."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from kanade_host.plugin import Context, HttpError, Instant
from kanade_host_heartbeat.conditions import ACTIVE, ACTIVE_SECONDS, FROM, Where
from kanade_host_heartbeat.online import ONLINE, cutoffs

if TYPE_CHECKING:
    from kanade_host_fleet.api import Groups

BY_AT_MOST = 20
_ATTRIBUTE = "attribute."
_COLUMNS = {"version": "a.agent_version", "os": "a.os_family"}


class Value(msgspec.Struct, frozen=True):
    """How many PCs have a value; None: none at all. `value` is what the filter of that name takes."""

    value: str | None
    count: int


class Facet(msgspec.Struct, frozen=True):
    """The most frequent values first. `values_total`: how many there are in all."""

    by: str
    values_total: int
    values: list[Value]


async def facet(ctx: Context, where: Where, by: str, limit: int) -> Facet:
    """Count by one property. A PC in three groups counts in each. Raises `HttpError` 400."""
    if by == "group":
        counts = await _groups(ctx, where)
    else:
        sql, values = statement(where, by, ctx.clock.now())
        counts = [Value(row[0], row[1]) for row in await ctx.query(sql, values)]
    counts.sort(key=lambda one: (-one.count, one.value is None, one.value or ""))
    return Facet(by, len(counts), counts[:limit])


def statement(where: Where, by: str, now: Instant) -> tuple[str, list[Any]]:
    """The SELECT that counts by something that is in the database. Raises `HttpError` 400."""
    joined, before, shown = "", [], []
    if by in _COLUMNS:
        value = f"nullif({_COLUMNS[by]}, '')"
    elif by == "online":
        value, shown = f"iif({ONLINE}, 'true', 'false')", [*cutoffs(now)]
    elif by == "state":
        value, shown = f"iif({ACTIVE}, 'active', 'stale')", [(now - ACTIVE_SECONDS).stored]
    elif by.startswith(_ATTRIBUTE) and by != _ATTRIBUTE:
        value, before = "t.value", [by.removeprefix(_ATTRIBUTE)]
        joined = " LEFT JOIN heartbeat_attributes t ON t.pc_id = a.pc_id AND t.name = ?"
    else:
        known = "group, version, os, state, online and attribute.NAME"
        raise HttpError(400, f"by: there is no `{by[:100]}`; there are {known}")
    sql = f"SELECT {value} AS value, count(*) {FROM}{joined} {where.sql} GROUP BY 1"
    return sql, [*shown, *before, *where.values]


async def _groups(ctx: Context, where: Where) -> list[Value]:
    groups: Groups | None = ctx.find("fleet.groups")
    rows = await ctx.query(f"SELECT a.pc_id {FROM} {where.sql}", where.values)
    pc_ids = [row[0] for row in rows]
    members = {} if groups is None else groups.of(pc_ids)
    counts: Counter[str | None] = Counter()
    for pc_id in pc_ids:
        counts.update(members.get(pc_id) or (None,))
    return [Value(name, count) for name, count in counts.items()]
