"""The fleet over time, the busiest PCs, who is being looked into (`contract/http-jobs.md` 10.2 to 10.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from kanade_host.plugin import I64, Context, Instant, Request
from kanade_host_perf.metrics import AGGREGATES, FLEET, chosen
from kanade_host_perf.pieces import Piece, bounds, fitting, pieces
from kanade_host_perf.rollups import FLEET_WIDTHS, HOST_WIDTHS, in_step
from kanade_host_perf.windows import BUCKET, bucket_start, duration, window

if TYPE_CHECKING:
    from kanade_host_heartbeat.api import Agents

MOST_ROWS = 50
INVESTIGATION_SECONDS = 300
SHORT_SECONDS = 600
FOR_EVER = Instant.parse("9999-01-01T00:00:00Z")


class FleetQuery(msgspec.Struct, frozen=True):
    """Which metric of the whole fleet, over which time."""

    metric: str = "cpu_pct"
    agg: str = "avg"
    start: Instant | None = msgspec.field(default=None, name="from")
    end: Instant | None = msgspec.field(default=None, name="to")
    step: str = "5m"


class TopQuery(msgspec.Struct, frozen=True):
    """The busiest PCs of the last `window`."""

    metric: str = "cpu_pct"
    window: str = "5m"
    limit: I64 = 5


class Point(msgspec.Struct, frozen=True):
    """One bucket."""

    at: str
    value: float | None


class FleetSeries(msgspec.Struct, frozen=True):
    """Only buckets that have samples are there."""

    metric: str
    agg: str
    start: Instant = msgspec.field(name="from")
    end: Instant = msgspec.field(name="to")
    step_seconds: int
    points: list[Point]


class TopRow(msgspec.Struct, frozen=True):
    """One PC."""

    pc_id: str
    hostname: str | None
    value: float


class Top(msgspec.Struct, frozen=True):
    """Highest first."""

    metric: str
    window_seconds: int
    rows: list[TopRow]


class Investigation(msgspec.Struct, frozen=True):
    """A PC that sends snapshots of its processes."""

    pc_id: str
    hostname: str | None
    latest_at: str | None


class Investigations(msgspec.Struct, frozen=True):
    """Newest first."""

    window_seconds: int
    rows: list[Investigation]


def series_statement(metric: str, aggregate: str, parts: Sequence[Piece]) -> str:
    """All samples of all PCs in a bucket count alike. Four values for each piece, see `_values`."""
    value = "max(largest)" if aggregate == "max" else "total(total) / nullif(sum(number), 0)"
    sums = (
        f"SELECT bucket / ? * ? AS bucket, n_{metric} AS number, s_{metric} AS total, x_{metric} AS largest"
        " FROM perf_fleet_rollups WHERE bucket >= ? AND bucket < ? AND width = {width}"
    )
    samples = (
        f"SELECT {BUCKET} AS bucket, count({metric}), total({metric}), max({metric})"
        " FROM host_perf_samples WHERE at >= ? AND at < ? GROUP BY 1"
    )
    # The first part names the columns.
    named = "SELECT NULL AS bucket, NULL AS number, NULL AS total, NULL AS largest WHERE 0"
    listed = [samples if part.width is None else sums.format(width=part.width) for part in parts]
    whole = " UNION ALL ".join([named, *(f"SELECT * FROM ({one})" for one in listed)])
    return f"SELECT bucket, {value} FROM ({whole}) GROUP BY bucket ORDER BY bucket"


def top_statement(metric: str, parts: Sequence[Piece]) -> str:
    """Averages over samples that have the metric; `+` keeps SQLite from walking all PCs in order.

    Two values for each piece, then the limit. The last piece of a range that is open is open too.
    """
    sums = (
        f"SELECT pc_id, n_{metric} AS number, s_{metric} AS total FROM perf_host_rollups"
        " WHERE bucket >= ? AND bucket < ? AND width = {width}"
    )
    samples = (
        f"SELECT pc_id, 1 AS number, {metric} AS total FROM host_perf_samples"
        f" WHERE at >= ? AND at < ? AND {metric} IS NOT NULL"
    )
    whole = " UNION ALL ".join(
        samples if part.width is None else sums.format(width=part.width) for part in parts
    )
    return (
        f"SELECT pc_id, total(total) / sum(number) AS value FROM ({whole})"
        " GROUP BY +pc_id HAVING sum(number) > 0 ORDER BY value DESC, pc_id LIMIT ?"
    )


INVESTIGATED = (
    "SELECT pc_id, max(at) AS latest FROM process_perf_samples WHERE at > ?"
    " GROUP BY +pc_id ORDER BY latest DESC, pc_id"
)


async def fleet_series(request: Request) -> FleetSeries:
    """One metric over the whole fleet."""
    query: FleetQuery = request.query
    metric, aggregate = chosen(FLEET, query.metric), chosen(AGGREGATES, query.agg)
    asked = window(query.start, query.end, query.step, request.ctx.clock.now())
    widths = fitting(asked.step, FLEET_WIDTHS) if await in_step(request.ctx) else []
    parts = pieces(asked.start, asked.end, widths)
    values = [value for part in parts for value in (asked.step, asked.step, *bounds(part))]
    rows = await request.ctx.query(series_statement(metric, aggregate, parts), values)
    points = [Point(bucket_start(row[0]), None if row[1] is None else float(row[1])) for row in rows]
    return FleetSeries(metric, aggregate, asked.start, asked.end, asked.step, points)


async def top(request: Request) -> Top:
    """The PCs with the highest average."""
    query: TopQuery = request.query
    metric = chosen(FLEET, query.metric)
    seconds = duration(query.window)
    if seconds < 1:
        duration("")  # refused in the same words
    since = request.ctx.clock.now() - seconds
    limit = min(max(query.limit, 1), MOST_ROWS)
    parts = _since(since, seconds, summed=await in_step(request.ctx))
    values = [value for part in parts for value in bounds(part)]
    rows = await request.ctx.query(top_statement(metric, parts), (*values, limit))
    names = await hostnames(request.ctx, [row[0] for row in rows])
    return Top(metric, seconds, [TopRow(row[0], names.get(row[0]), float(row[1])) for row in rows])


def _since(since: Instant, seconds: int, *, summed: bool) -> list[Piece]:
    """All that was measured after that moment, by PCs whose clocks are ahead too.

    Of a short time there are fewer samples than the sums of its ends would save.
    """
    after = Instant.from_ns(since.ns + 1)
    return pieces(after, FOR_EVER, HOST_WIDTHS if summed and seconds >= SHORT_SECONDS else ())


async def investigations(request: Request) -> Investigations:
    """Which PCs send snapshots of their processes now."""
    since = request.ctx.clock.now() - INVESTIGATION_SECONDS
    rows = await request.ctx.query(INVESTIGATED, (since.stored,))
    names = await hostnames(request.ctx, [row[0] for row in rows])
    return Investigations(
        INVESTIGATION_SECONDS,
        [Investigation(row[0], names.get(row[0]), _wire(row[1])) for row in rows],
    )


async def hostnames(ctx: Context, pc_ids: Sequence[str]) -> dict[str, str | None]:
    """Names from the plugin that knows agents; none when it is off."""
    agents: Agents | None = ctx.find("heartbeat.agents")
    return {} if agents is None or not pc_ids else await agents.hostnames(pc_ids)


def _wire(stored: object) -> str | None:
    at = Instant.from_stored(stored)
    return at.wire if at else None
