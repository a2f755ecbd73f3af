"""How long jobs take: percentiles over what ended since a moment (`contract/http-jobs.md` 12.3)."""

from __future__ import annotations

import msgspec

from kanade_host.plugin import Context, Instant

LONGEST_RUN_SECONDS = 2 * 86_400
"""A row is recorded when its run begins; one that began earlier than this before `since` is not looked at."""

# Nearest rank, counted from 1: ceil(q * count). Rows that kanade-backend's reaper closed have the other form
# of timestamp, which is compared with its like.
DURATIONS = (
    "WITH runs AS (SELECT job_id, max(0, CAST(round((julianday(finished_at) - julianday(started_at))"
    " * 86400000) AS INTEGER)) AS ms FROM execution_results WHERE recorded_at >= ?"
    " AND (finished_at >= ? OR (substr(finished_at, 11, 1) = ' ' AND finished_at >= ?))"
    " AND started_at IS NOT NULL AND job_id IS NOT NULL),"
    " ranked AS (SELECT job_id, ms, row_number() OVER (PARTITION BY job_id ORDER BY ms) AS place,"
    " count(*) OVER (PARTITION BY job_id) AS runs FROM runs WHERE ms IS NOT NULL)"
    " SELECT job_id, runs, min(ms),"
    " max(CASE WHEN place = (runs * 50 + 99) / 100 THEN ms END),"
    " max(CASE WHEN place = (runs * 95 + 99) / 100 THEN ms END) AS p95,"
    " max(CASE WHEN place = (runs * 99 + 99) / 100 THEN ms END),"
    " max(ms), sum(ms) / runs FROM ranked GROUP BY job_id ORDER BY p95 DESC, job_id LIMIT 10000"
)


class JobDurations(msgspec.Struct, frozen=True):
    """One job's runs, in milliseconds."""

    job_id: str
    count: int
    min_ms: int
    p50_ms: int
    p95_ms: int
    p99_ms: int
    max_ms: int
    mean_ms: int


async def durations(ctx: Context, since: Instant) -> list[JobDurations]:
    """The slowest job first."""
    recorded = (since - LONGEST_RUN_SECONDS).sql
    rows = await ctx.query(DURATIONS, (recorded, since.stored, since.sql_ceiling))
    return [JobDurations(*tuple(row)) for row in rows]
