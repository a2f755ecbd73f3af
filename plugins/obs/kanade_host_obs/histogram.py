"""How many events when, by kind, PC or source: what the timeline and the heat map show.

Counted here, over everything that passes the filters, and not in the browser over the newest few thousand.
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

import msgspec

from kanade_host.plugin import BadDuration, Context, HttpError, Instant, whole_seconds
from kanade_host_obs.queries import EventQuery, conditions

MOST_BUCKETS = 1_000
DAY = 86_400
_NS = 1_000_000_000
_BUCKET = "CAST(strftime('%s', at) AS INTEGER) / ?"


class HistogramQuery(EventQuery, frozen=True, kw_only=True):
    """The filters of the list (`limit` is not used); default: the last day in steps of 30 minutes."""

    by: Literal["kind", "pc_id", "source"] = "kind"
    step: str = "30m"
    top: Annotated[int, msgspec.Meta(ge=1, le=100)] = 40


class Series(msgspec.Struct, frozen=True):
    """One kind, PC or source. `counts`: [place of the bucket, events], only those that have any."""

    key: str
    total: int
    counts: list[tuple[int, int]]


class Histogram(msgspec.Struct, frozen=True):
    """`buckets` of `step_seconds` from `from` on, a multiple of the step.

    `series`: the most frequent first, `others`: how many more keys there are; `total` counts them too.
    """

    start: Instant = msgspec.field(name="from")
    end: Instant = msgspec.field(name="to")
    step_seconds: int
    buckets: int
    total: int
    others: int
    series: list[Series]


def statement(query: HistogramQuery) -> tuple[str, list[object]]:
    """Events by bucket and key; `step` in seconds is bound first."""
    where, values = conditions(query)
    sql = (
        f"SELECT {_BUCKET} AS bucket, {query.by}, count(*) FROM obs_events{where} GROUP BY bucket, {query.by}"
    )
    return sql, values


async def histogram(ctx: Context, query: HistogramQuery, now: Instant) -> Histogram:
    """Raises `HttpError` 400 for an empty range, a bad step, and for more buckets than a picture has."""
    step = _step(query.step)
    end = query.until or now
    start = query.since or end - DAY
    first = start.ns // _NS // step
    buckets = -(-end.ns // (step * _NS)) - first
    if start >= end or not 0 < buckets <= MOST_BUCKETS:
        raise HttpError(400, f"the range must hold 1 to {MOST_BUCKETS} steps, this one has {buckets}")
    bounded = msgspec.structs.replace(query, since=start, until=end)
    sql, values = statement(bounded)
    totals: Counter[str] = Counter()
    cells: dict[str, list[tuple[int, int]]] = {}
    for bucket, key, count in await ctx.query(sql, (step, *values)):
        if bucket is not None:
            totals[key] += count
            cells.setdefault(key, []).append((bucket - first, count))
    listed = sorted(totals.items(), key=lambda one: (-one[1], one[0]))
    series = [Series(key, total, sorted(cells[key])) for key, total in listed[: query.top]]
    others = max(0, len(listed) - query.top)
    begin = Instant.from_ns(first * step * _NS)
    return Histogram(begin, end, step, buckets, totals.total(), others, series)


def _step(text: str) -> int:
    try:
        seconds = whole_seconds(text)
    except BadDuration as error:
        raise HttpError(400, f"step: {error}") from None
    if not 1 <= seconds <= 366 * DAY:
        raise HttpError(400, "step: must be a second at least and a year at most")
    return seconds
