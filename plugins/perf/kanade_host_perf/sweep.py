"""Retention: samples, and their sums, that are older than they are kept for (`projections.md` 12)."""

from __future__ import annotations

from kanade_host.plugin import DAY_SECONDS, Context, Tx, delete_older, in_parts
from kanade_host_perf.rollups import FLEET_WIDTHS, HOST_WIDTHS
from kanade_host_perf.settings import PerfSettings

NS = 1_000_000_000


async def sweep(ctx: Context) -> int:
    """Delete old samples and sums; how many went."""
    settings: PerfSettings = ctx.settings
    now = ctx.clock.now()
    hosts = now - settings.keep_host_days * DAY_SECONDS
    processes = now - settings.keep_process_days * DAY_SECONDS
    deleted = await delete_older(ctx, "host_perf_samples", "at", hosts.stored, topic="perf")
    deleted += await delete_older(ctx, "process_perf_samples", "at", processes.stored, topic="processes")
    for table, width, days in kept(settings):
        deleted += await _delete_sums(ctx, table, width, (now.ns // NS) - days * DAY_SECONDS)
    return deleted


def kept(settings: PerfSettings) -> list[tuple[str, int, int]]:
    """Days for each table of sums and width: the finest serve the range that samples are kept for."""
    hour, five_minutes = HOST_WIDTHS
    *longer, shortest = FLEET_WIDTHS
    return [
        ("perf_host_rollups", hour, settings.keep_host_hours_days),
        ("perf_host_rollups", five_minutes, settings.keep_host_days),
        *(("perf_fleet_rollups", width, settings.keep_fleet_days) for width in longer),
        ("perf_fleet_rollups", shortest, settings.keep_host_days),
    ]


def sums_statement(table: str) -> str:
    """Whole buckets, the oldest first. Values: width, width, the last bucket that goes, rows at a time."""
    return (
        f"DELETE FROM {table} WHERE width = ? AND bucket <="
        f" (SELECT max(bucket) FROM (SELECT bucket FROM {table}"
        " WHERE width = ? AND bucket <= ? ORDER BY bucket LIMIT ?))"
    )


async def _delete_sums(ctx: Context, table: str, width: int, end: int) -> int:
    """A bucket goes when all of it is too old."""
    sql = sums_statement(table)

    def delete(tx: Tx, most: int) -> int:
        deleted = tx.execute(sql, (width, width, end - width, most)).rowcount
        if deleted:
            tx.changed("perf")
        return deleted

    return await in_parts(ctx, delete)
