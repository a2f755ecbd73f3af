"""The audit trail from the newest record backwards, as far as it takes to fill the answer.

Upstream looks at the newest 10,000 rows and misses what lies behind them. Here windows of bounded size are
read until enough matched or time is up, each with the key of the last row, so that none is read twice.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from kanade_host.plugin import Context, Instant
from kanade_host.plugin.patterns import Pattern
from kanade_host_audit.outcome import Outcome, outcome_of

SECONDS = 8.0
COLUMNS = ("action", "target", "payload")
_FIRST_ROWS, _MOST_ROWS = 500, 10_000
_PAGE_ROWS = 2_000
_SELECT = {
    "action": "action",
    "target": "target",
    # What is no JSON is shown, and searched, as null (`contract/http-fleet.md` 5.3).
    "payload": "CASE WHEN json_valid(payload) THEN payload ELSE 'null' END",
}


class AuditRecord(msgspec.Struct, frozen=True):
    """One action. `payload` is any JSON value, null where the row has none.

    `outcome` is ours: what came of it, `done` or `failed`; `sub` and `source` in the payload say who did it.
    """

    id: int
    actor: str
    action: str
    target: str | None
    payload: msgspec.Raw
    occurred_at: str | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Found:
    """The records of an answer. `complete`: there was time to look at every row."""

    records: list[AuditRecord]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Filters:
    """What SQL decides, and patterns by column. `id`: that record alone."""

    actor: str | None
    since: Instant | None
    patterns: Mapping[str, Pattern]
    id: int | None = None


def _where(filters: Filters, before: tuple[str, int] | None = None) -> tuple[str, list[object]]:
    conditions: list[str] = []
    values: list[object] = []
    if filters.actor:
        conditions.append("actor = ?")
        values.append(filters.actor)
    if filters.since is not None:
        conditions.append("occurred_at >= ?")
        values.append(filters.since.stored)
    if filters.id is not None:
        conditions.append("id = ?")
        values.append(filters.id)
    if before is not None:
        conditions.append("(occurred_at, id) < (?, ?)")
        values += before
    return f" WHERE {' AND '.join(conditions)}" if conditions else "", values


def window(filters: Filters, before: tuple[str, int] | None, limit: int) -> tuple[str, list[object]]:
    """The next rows: time and id, then what the patterns look at."""
    where, values = _where(filters, before)
    columns = ", ".join(("occurred_at", "id", *(_SELECT[name] for name in filters.patterns)))
    sql = f"SELECT {columns} FROM audit_log{where} ORDER BY occurred_at DESC, id DESC LIMIT ?"
    return sql, [*values, limit]


async def search(ctx: Context, filters: Filters, limit: int, before: int | None = None) -> Found:
    """The newest records that pass, at most `limit`; those older than record `before`, if that is named."""
    ends = time.monotonic() + SECONDS
    ids: list[int] = []
    key = None if before is None else await _key(ctx, before)
    size = _FIRST_ROWS if filters.patterns else limit
    complete = True
    while len(ids) < limit:
        rows = await ctx.query(*window(filters, key, size))
        ids += await _matching(filters, rows, limit - len(ids))
        if len(rows) < size:
            break
        key = (rows[-1][0], rows[-1][1])
        size = min(size * 4, _MOST_ROWS)
        if time.monotonic() > ends:
            complete = False
            break
    return Found(await _records(ctx, ids), complete)


async def counted(ctx: Context, filters: Filters, most: int) -> int:
    """How many records pass without the patterns, counted up to `most`."""
    where, values = _where(filters)
    sql = f"SELECT count(*) FROM (SELECT 1 FROM audit_log{where} LIMIT ?)"
    return int((await ctx.query(sql, (*values, most)))[0][0])


async def pages(ctx: Context, filters: Filters, most: int) -> AsyncIterator[list[AuditRecord]]:
    """All records that pass, newest first, of at most `most` that are looked at."""
    key = None
    while most > 0:
        size = min(most, _PAGE_ROWS)
        rows = await ctx.query(*window(filters, key, size))
        yield await _records(ctx, await _matching(filters, rows, size))
        if len(rows) < size:
            return
        key = (rows[-1][0], rows[-1][1])
        most -= size


async def _key(ctx: Context, id: int) -> tuple[str, int]:
    """Where a record stands in the order of the trail; before everything if it does not exist."""
    rows = await ctx.query("SELECT occurred_at FROM audit_log WHERE id = ?", (id,))
    return (rows[0][0] or "", id) if rows else ("", 0)


async def _matching(filters: Filters, rows: Sequence[sqlite3.Row], limit: int) -> list[int]:
    patterns = list(filters.patterns.values())
    if not patterns:
        return [row[1] for row in rows[:limit]]

    def match() -> list[int]:
        ids: list[int] = []
        for row in rows:
            if all(pattern.found_in(row[place]) for place, pattern in enumerate(patterns, start=2)):
                ids.append(row[1])
                if len(ids) == limit:
                    break
        return ids

    return await asyncio.to_thread(match)


async def _records(ctx: Context, ids: Sequence[int]) -> list[AuditRecord]:
    """Rows by id, in the order given."""
    found: dict[int, AuditRecord] = {}
    for start in range(0, len(ids), 1_000):
        part = ids[start : start + 1_000]
        rows = await ctx.query(
            f"SELECT id, actor, action, target, {_SELECT['payload']}, occurred_at FROM audit_log"
            f" WHERE id IN ({','.join('?' * len(part))})",
            part,
        )
        found |= {row[0]: _record(row) for row in rows}
    return [found[id] for id in ids if id in found]


def _record(row: sqlite3.Row) -> AuditRecord:
    at = None if row[5] is None else Instant.from_stored(row[5])
    payload = row[4].encode()
    return AuditRecord(
        id=row[0],
        actor=row[1],
        action=row[2],
        target=row[3],
        payload=msgspec.Raw(payload),
        occurred_at=at.wire if at else None,
        outcome=outcome_of(row[2], payload),
    )
