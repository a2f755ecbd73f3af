"""When a PC was silent: gaps between its samples, which it sends each minute while it is on."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kanade_host.plugin import HttpError, Instant, Request
from kanade_host_perf.windows import duration

MOST_DAYS = 31
DAY = 86_400


class SilencesQuery(msgspec.Struct, frozen=True):
    """Gaps that are `longer` than that and end within the range; default: the last seven days."""

    start: Instant | None = msgspec.field(default=None, name="from")
    end: Instant | None = msgspec.field(default=None, name="to")
    longer: str = "10m"
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 200


class Silence(msgspec.Struct, frozen=True):
    """From the last sample before it to the first after it."""

    start: str = msgspec.field(name="from")
    end: str = msgspec.field(name="to")
    seconds: int


class Silences(msgspec.Struct, frozen=True):
    """Newest first. `last_sample`: since when it is silent now, if it is."""

    pc_id: str
    longer_seconds: int
    last_sample: str | None
    silences: list[Silence]


LAST = "SELECT max(at) FROM host_perf_samples WHERE pc_id = ?"
GAPS = (
    "SELECT before, at, seconds FROM (SELECT at, lag(at) OVER w AS before,"
    " CAST(strftime('%s', at) AS INTEGER) - CAST(strftime('%s', lag(at) OVER w) AS INTEGER) AS seconds"
    " FROM host_perf_samples WHERE pc_id = ? AND at >= ? AND at < ? WINDOW w AS (ORDER BY at))"
    " WHERE seconds > ? ORDER BY at DESC LIMIT ?"
)


async def silences(request: Request) -> Silences:
    """When one PC sent nothing."""
    query: SilencesQuery = request.query
    end = query.end or request.ctx.clock.now()
    start = query.start or end - 7 * DAY
    longer = duration(query.longer)
    if longer < 1 or start >= end or end - start > MOST_DAYS * DAY:
        raise HttpError(400)
    pc_id = request.path["pc_id"]
    [last] = await request.ctx.query(LAST, (pc_id,))
    rows = await request.ctx.query(GAPS, (pc_id, start.stored, end.stored, longer, query.limit))
    found = [Silence(_wire(row[0]), _wire(row[1]), row[2]) for row in rows]
    return Silences(pc_id, longer, _wire(last[0]) or None, found)


def _wire(stored: object) -> str:
    at = Instant.from_stored(stored)
    return at.wire if at else ""
