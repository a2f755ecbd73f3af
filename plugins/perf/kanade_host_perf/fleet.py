"""The fleet over time, the busiest PCs, who is being looked into (`contract/http-jobs.md` 10.2 to 10.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from kanade_host.plugin import I64, Context, Instant, Request
from kanade_host_perf.busiest import SERVICE, Busiest
from kanade_host_perf.metrics import AGGREGATES, FLEET, chosen
from kanade_host_perf.pieces import Piece, bounds, fitting, pieces
from kanade_host_perf.rollups import FLEET_WIDTHS, in_step
from kanade_host_perf.windows import BUCKET, bucket_start, duration, window

if TYPE_CHECKING:
    from kanade_host_heartbeat.api import Agents

MOST_ROWS = 50
INVESTIGATION_SECONDS = 300


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
    limit = min(max(query.limit, 1), MOST_ROWS)
    found = await request.ctx.service(SERVICE, Busiest).top(metric, seconds, limit)
    names = await hostnames(request.ctx, [pc_id for pc_id, _ in found])
    return Top(metric, seconds, [TopRow(pc_id, names.get(pc_id), value) for pc_id, value in found])


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
