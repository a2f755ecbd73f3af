"""Rows into answers: the newest events that pass the filters."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec

from kanade_host.plugin import I64, Context, Instant


class EventQuery(msgspec.Struct, frozen=True):
    """All filters must hold; an empty text is one that nothing passes. `from` <= `at` < `to`.

    With `before_id`, events at `to` itself belong to the answer too, those with a lower id: the next page
    begins behind the last event of this one, also when several have the same time.
    """

    pc_id: str | None = None
    kind: str | None = None
    source: str | None = None
    since: Instant | None = msgspec.field(default=None, name="from")
    until: Instant | None = msgspec.field(default=None, name="to")
    before_id: I64 | None = None
    logon_type: I64 | None = None
    limit: I64 = 200


class Event(msgspec.Struct, frozen=True):
    """One event. `payload` is any JSON value."""

    id: int
    pc_id: str
    at: str
    kind: str
    source: str
    event_record_id: str | None
    payload: msgspec.Raw


# Walks from kind to kind along the index instead of reading every event.
KINDS = (
    "WITH RECURSIVE kinds (kind) AS (SELECT min(kind) FROM obs_events UNION ALL"
    " SELECT (SELECT min(kind) FROM obs_events WHERE kind > kinds.kind) FROM kinds"
    " WHERE kinds.kind IS NOT NULL)"
    " SELECT kind FROM kinds WHERE kind IS NOT NULL"
)
# One row whose payload is no JSON must not end the whole query.
_LOGON_TYPE = (
    "CASE WHEN json_valid(payload) THEN json_type(payload, '$.logon_type') IN ('integer', 'real')"
    " AND json_extract(payload, '$.logon_type') = ? ELSE 0 END"
)


def conditions(query: EventQuery) -> tuple[str, list[object]]:
    """WHERE with just the filters that are given, so that one of the indexes serves it."""
    given: Iterable[tuple[str, object | None]] = (
        ("pc_id = ?", query.pc_id),
        ("kind = ?", query.kind),
        ("source = ?", query.source),
        ("at >= ?", query.since and query.since.stored),
        ("at < ?" if query.before_id is None else "at <= ?", query.until and query.until.stored),
        (_LOGON_TYPE, query.logon_type),
    )
    used = [(condition, value) for condition, value in given if value is not None]
    if query.before_id is not None and query.until is not None:
        used += [("(at < ? OR id < ?)", query.until.stored), ("", query.before_id)]
    where = f" WHERE {' AND '.join(condition for condition, _ in used if condition)}" if used else ""
    return where, [value for _, value in used]


def statement(query: EventQuery) -> tuple[str, list[object]]:
    """The newest events that pass."""
    where, values = conditions(query)
    sql = (
        "SELECT id, pc_id, at, kind, source, event_record_id, payload FROM obs_events"
        f"{where} ORDER BY at DESC, id DESC LIMIT ?"
    )
    return sql, [*values, query.limit]


async def events(ctx: Context, query: EventQuery) -> list[Event]:
    """The newest events; rows whose payload is no JSON are left out, as upstream does, and logged."""
    rows = await ctx.query(*statement(query))
    found = [event for row in rows if (event := _event(row)) is not None]
    if len(found) < len(rows):
        ctx.log.warning("events without a JSON payload are left out", rows=len(rows) - len(found))
    return found


async def kinds(ctx: Context) -> list[str]:
    """Every kind that there is an event of, ascending."""
    return [row[0] for row in await ctx.query(KINDS)]


def _event(row: sqlite3.Row) -> Event | None:
    at, payload = Instant.from_stored(row[2]), row[6]
    if at is None or not isinstance(payload, str):
        return None
    raw = payload.encode()
    try:
        msgspec.json.decode(raw, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return None
    return Event(row[0], row[1], at.wire, row[3], row[4], row[5], msgspec.Raw(raw))
