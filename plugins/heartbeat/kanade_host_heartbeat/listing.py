"""The list of PCs for fleets of any size: filtered, sorted and cut by the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from kanade_host.plugin import Context, Instant, encode
from kanade_host_heartbeat import warnings
from kanade_host_heartbeat.conditions import ACTIVE, ACTIVE_SECONDS, FROM, Where
from kanade_host_heartbeat.online import ONLINE, cutoffs
from kanade_host_heartbeat.sorting import Order, Ordering, ordering
from kanade_host_heartbeat.warnings import AgentWarning

if TYPE_CHECKING:
    from kanade_host_fleet.api import Groups

COUNTED = 10_000
"""Rows that a total counts; beyond, it reads "10,000+"."""

_ITEM = (
    "a.pc_id, a.hostname, a.os_family, a.agent_version, a.last_heartbeat, a.updated_at, a.agent_cpu_pct,"
    " a.agent_rss_bytes, a.agent_disk_read_bytes, a.agent_disk_written_bytes"
)
VERSIONS = "SELECT DISTINCT agent_version FROM agents WHERE agent_version IS NOT NULL LIMIT 10000"
ATTRIBUTES = (
    "SELECT pc_id, name, value FROM heartbeat_attributes"
    " WHERE pc_id IN (SELECT value FROM json_each(?)) ORDER BY pc_id, name"
)


class FleetAgent(msgspec.Struct, frozen=True):
    """One PC of the list. `last_heartbeat` is the agent's clock, `received_at` the host's."""

    pc_id: str
    hostname: str | None
    os_family: str | None
    agent_version: str | None
    last_heartbeat: Instant | None
    received_at: Instant | None
    online: bool
    state: str
    groups: list[str]
    attributes: dict[str, str]
    warnings: list[AgentWarning]
    agent_cpu_pct: float | None
    agent_rss_bytes: int | None
    agent_disk_read_bytes: int | None
    agent_disk_written_bytes: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of a page, and the cursor of the next one; None: this is the last."""

    items: list[FleetAgent]
    next: str | None


async def order_by(ctx: Context, sort: str, order: Order) -> Ordering:
    """The ordering, with what it needs from the database."""
    versions = [row[0] for row in await ctx.query(VERSIONS)] if sort == "version" else []
    return ordering(sort, order, ctx.clock.now(), versions)


async def page(
    ctx: Context, where: Where, by: Ordering, limit: int, cursor: str | None, offset: int = 0
) -> Page:
    """One page. Raises `HttpError` 400 for a cursor of another list."""
    now = ctx.clock.now()
    sql, values = statement(where, by, now, limit + 1, cursor, offset)
    rows = await ctx.query(sql, values)
    shown = rows[:limit]
    last = shown[-1] if len(rows) > limit and shown else None
    following = None if last is None else by.cursor(last["sorted"], last["pc_id"])
    return Page(await _items(ctx, shown, now), following)


def statement(
    where: Where, by: Ordering, now: Instant, limit: int, cursor: str | None, offset: int = 0
) -> tuple[str, list[Any]]:
    """The SELECT of a page, with its parameters."""
    terms, conditions = list(where.terms), list(where.values)
    if cursor:
        term, after = by.after(cursor)
        terms.append(term)
        conditions += after
    condition = f"WHERE {' AND '.join(terms)}" if terms else ""
    sql = (
        f"SELECT {_ITEM}, {ONLINE} AS online, {ACTIVE} AS active, {by.expression} AS sorted"
        f" {FROM} {condition} {by.sql} LIMIT ? OFFSET ?"
    )
    shown = [*cutoffs(now), (now - ACTIVE_SECONDS).stored, *by.values]
    sorted_by = [] if by.sort == "pc_id" else by.values
    return sql, [*shown, *conditions, *sorted_by, limit, offset]


async def total(ctx: Context, where: Where) -> tuple[int, bool]:
    """How many there are, counted up to 10,000, and whether there are more."""
    sql = f"SELECT count(*) FROM (SELECT 1 {FROM} {where.sql} LIMIT {COUNTED + 1})"
    found: int = (await ctx.query(sql, where.values))[0][0]
    return min(found, COUNTED), found > COUNTED


async def _items(ctx: Context, rows: Sequence[sqlite3.Row], now: Instant) -> list[FleetAgent]:
    if not rows:
        return []
    pc_ids = [row["pc_id"] for row in rows]
    attributes: dict[str, dict[str, str]] = {}
    for pc_id, name, value in await ctx.query(ATTRIBUTES, (encode(pc_ids).decode(),)):
        attributes.setdefault(pc_id, {})[name] = value
    groups: Groups | None = ctx.find("fleet.groups")
    members = {} if groups is None else groups.of(pc_ids)
    warned = await warnings.of(ctx, rows, now)
    return [
        _item(row, members.get(row["pc_id"], []), attributes.get(row["pc_id"], {}), warned[row["pc_id"]])
        for row in rows
    ]


def _item(
    row: sqlite3.Row, groups: list[str], attributes: dict[str, str], warned: list[AgentWarning]
) -> FleetAgent:
    return FleetAgent(
        pc_id=row["pc_id"],
        hostname=row["hostname"],
        os_family=row["os_family"],
        agent_version=row["agent_version"],
        last_heartbeat=Instant.from_stored(row["last_heartbeat"]),
        received_at=Instant.from_stored(row["updated_at"]),
        online=bool(row["online"]),
        state="active" if row["active"] else "stale",
        groups=groups,
        attributes=attributes,
        warnings=warned,
        agent_cpu_pct=row["agent_cpu_pct"],
        agent_rss_bytes=row["agent_rss_bytes"],
        agent_disk_read_bytes=row["agent_disk_read_bytes"],
        agent_disk_written_bytes=row["agent_disk_written_bytes"],
    )
