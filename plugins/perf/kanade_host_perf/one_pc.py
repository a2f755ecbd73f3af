"""One PC over time: its host, its processes (`contract/http-jobs.md` 10.1, 10.5, 10.6)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from kanade_host.plugin import I64, Instant, Request
from kanade_host_perf.metrics import HOST_COLUMNS, PROCESS, chosen
from kanade_host_perf.pieces import Piece, bounds, fitting, pieces
from kanade_host_perf.rollups import HOST_WIDTHS, in_step
from kanade_host_perf.windows import BUCKET, Window, bucket_start, window

MOST_NAMES = 20
OTHER = "other"


class HostQuery(msgspec.Struct, frozen=True):
    """Over which time, in which steps."""

    start: Instant | None = msgspec.field(default=None, name="from")
    end: Instant | None = msgspec.field(default=None, name="to")
    step: str = "5m"


class TimelineQuery(msgspec.Struct, frozen=True):
    """Which metric of the `top` processes."""

    metric: str = "cpu_pct"
    start: Instant | None = msgspec.field(default=None, name="from")
    end: Instant | None = msgspec.field(default=None, name="to")
    step: str = "1m"
    top: I64 = 5


class HostPoint(msgspec.Struct, frozen=True):
    """Averages over one bucket; null where no sample of it has the metric."""

    at: str
    cpu_pct: float | None
    mem_used_bytes: float | None
    mem_total_bytes: float | None
    swap_used_bytes: float | None
    swap_total_bytes: float | None
    disk_read_bytes_per_sec: float | None
    disk_written_bytes_per_sec: float | None
    net_rx_bytes_per_sec: float | None
    net_tx_bytes_per_sec: float | None


class HostSeries(msgspec.Struct, frozen=True):
    """Only buckets that have samples are there."""

    pc_id: str
    start: Instant = msgspec.field(name="from")
    end: Instant = msgspec.field(name="to")
    step_seconds: int
    points: list[HostPoint]


class ProcessRow(msgspec.Struct, frozen=True):
    """One process of the newest snapshot."""

    pid: int
    name: str
    cpu_pct: float
    rss_bytes: int
    disk_read_bytes_per_sec: float | None
    disk_written_bytes_per_sec: float | None


class Snapshot(msgspec.Struct, frozen=True):
    """The busiest process first."""

    pc_id: str
    latest_at: str | None
    processes: list[ProcessRow]


class TimelinePoint(msgspec.Struct, frozen=True):
    """One bucket; a name that is not in it was not seen."""

    at: str
    values: dict[str, float]


class Timeline(msgspec.Struct, frozen=True):
    """`names` by their average over the whole time, `other` last."""

    pc_id: str
    metric: str
    start: Instant = msgspec.field(name="from")
    end: Instant = msgspec.field(name="to")
    step_seconds: int
    names: list[str]
    points: list[TimelinePoint]


_MEANS = ", ".join(f"total(s_{one}) / nullif(sum(n_{one}), 0)" for one in HOST_COLUMNS)
_COLUMNS = ", ".join(f"n_{one}, s_{one}" for one in HOST_COLUMNS)
# The first part of a union names its columns.
_NAMED = (
    f"SELECT NULL AS bucket, {', '.join(f'NULL AS n_{one}, NULL AS s_{one}' for one in HOST_COLUMNS)} WHERE 0"
)
_SAMPLES = (
    f"SELECT {BUCKET} AS bucket, {', '.join(f'count({one}), total({one})' for one in HOST_COLUMNS)}"
    " FROM host_perf_samples WHERE pc_id = ? AND at >= ? AND at < ? GROUP BY 1"
)
# Sums lie by time: each bucket of a PC is one look into the primary key; there is none outside of the table.
_SUMS = (
    f"SELECT r.bucket / ? * ? AS bucket, {_COLUMNS} FROM (WITH RECURSIVE times(at) AS (SELECT max(?, (SELECT"
    " min(bucket) FROM perf_host_rollups WHERE width = {width})) UNION ALL SELECT at + {width} FROM times"
    " WHERE at + {width} < min(?, 1 + (SELECT max(bucket) FROM perf_host_rollups WHERE width = {width})))"
    " SELECT at FROM times) AS t CROSS JOIN perf_host_rollups AS r"
    " ON r.width = {width} AND r.bucket = t.at AND r.pc_id = ? WHERE r.bucket < ?"
)


def host_statement(parts: Sequence[Piece]) -> str:
    """The metrics of one PC by bucket; the values are those of `host_values`."""
    listed = [_SAMPLES if part.width is None else _SUMS.replace("{width}", str(part.width)) for part in parts]
    whole = " UNION ALL ".join(f"SELECT * FROM ({one})" for one in [_NAMED, *listed])
    return f"SELECT bucket, {_MEANS} FROM ({whole}) GROUP BY bucket ORDER BY bucket"


def host_values(parts: Sequence[Piece], step: int, pc_id: str) -> list[int | str]:
    """What `host_statement` is asked with."""
    values: list[int | str] = []
    for part in parts:
        start, end = bounds(part)
        values += [step, step, *((pc_id, start, end) if part.width is None else (start, end, pc_id, end))]
    return values


LATEST = "SELECT max(at) FROM process_perf_samples WHERE pc_id = ?"
SNAPSHOT = (
    "SELECT pid, name, cpu_pct, rss_bytes, disk_read_bytes_per_sec, disk_written_bytes_per_sec"
    " FROM process_perf_samples WHERE pc_id = ? AND at = ? ORDER BY cpu_pct DESC, pid"
)


def names_statement(metric: str) -> str:
    """The processes by their average over the whole time."""
    return (
        f"SELECT name, avg({metric}) AS mean FROM process_perf_samples WHERE pc_id = ? AND at >= ? AND at < ?"
        f" AND {metric} IS NOT NULL GROUP BY name ORDER BY mean DESC, name LIMIT ?"
    )


def timeline_statement(metric: str, count: int) -> str:
    """Per bucket and name; all names that are not among the first become one."""
    listed = ", ".join("?" * count)
    return (
        f"SELECT {BUCKET} AS bucket, CASE WHEN name IN ({listed}) THEN name END AS series, avg({metric})"
        " FROM process_perf_samples WHERE pc_id = ? AND at >= ? AND at < ?"
        " GROUP BY bucket, series ORDER BY bucket"
    )


async def host_series(request: Request) -> HostSeries:
    """The metrics of one host."""
    query: HostQuery = request.query
    asked = window(query.start, query.end, query.step, request.ctx.clock.now())
    pc_id = request.path["pc_id"]
    widths = fitting(asked.step, HOST_WIDTHS) if await in_step(request.ctx) else []
    parts = pieces(asked.start, asked.end, widths)
    rows = await request.ctx.query(host_statement(parts), host_values(parts, asked.step, pc_id))
    points = [HostPoint(bucket_start(row[0]), *map(_float, row[1:])) for row in rows]
    return HostSeries(pc_id, asked.start, asked.end, asked.step, points)


async def snapshot(request: Request) -> Snapshot:
    """The newest snapshot of a PC's processes."""
    pc_id = request.path["pc_id"]
    [row] = await request.ctx.query(LATEST, (pc_id,))
    at = Instant.from_stored(row[0])
    if at is None:
        return Snapshot(pc_id, None, [])
    rows = await request.ctx.query(SNAPSHOT, (pc_id, row[0]))
    return Snapshot(pc_id, at.wire, [ProcessRow(*tuple(one)) for one in rows])


async def timeline(request: Request) -> Timeline:
    """One metric of the busiest processes, and of all others together."""
    query: TimelineQuery = request.query
    metric = chosen(PROCESS, query.metric)
    asked = window(query.start, query.end, query.step, request.ctx.clock.now())
    pc_id, count = request.path["pc_id"], min(max(query.top, 1), MOST_NAMES)
    where = (pc_id, asked.start.stored, asked.end.stored)
    ranked = await request.ctx.query(names_statement(metric), (*where, count))
    # A process that is really called so belongs to the series of that name.
    names = [row[0] for row in ranked if row[0] != OTHER]
    if not ranked:
        return _timeline(pc_id, metric, asked, [], [])
    rows = await request.ctx.query(
        timeline_statement(metric, len(names)), (asked.step, asked.step, *names, *where)
    )
    return _timeline(pc_id, metric, asked, names, rows)


def _timeline(
    pc_id: str, metric: str, asked: Window, names: list[str], rows: Sequence[sqlite3.Row]
) -> Timeline:
    points: dict[int, dict[str, float]] = {}
    for bucket, name, value in rows:
        if value is not None:
            points.setdefault(bucket, {})[OTHER if name is None else name] = float(value)
    if any(OTHER in values for values in points.values()):
        names = [*names, OTHER]
    listed = [TimelinePoint(bucket_start(bucket), values) for bucket, values in sorted(points.items())]
    return Timeline(pc_id, metric, asked.start, asked.end, asked.step, names, listed)


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
