"""Retention: samples that are older than they are kept for (`contract/projections.md` 12)."""

from __future__ import annotations

from kanade_host.plugin import Context, Tx

CHUNK = 5_000
DAY_SECONDS = 86_400


async def sweep(ctx: Context) -> int:
    """Delete in chunks that hold the writer briefly; how many rows went."""
    now = ctx.clock.now()
    ages = {
        "host_perf_samples": ctx.settings.keep_host_days,
        "process_perf_samples": ctx.settings.keep_process_days,
    }
    total = 0
    for table, days in ages.items():
        total += await _delete_all(ctx, table, (now - days * DAY_SECONDS).stored)
    return total


async def _delete_all(ctx: Context, table: str, before: str) -> int:
    sql = f"DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE at < ? ORDER BY at LIMIT ?)"

    def delete(tx: Tx) -> int:
        return tx.execute(sql, (before, CHUNK)).rowcount

    total = 0
    while True:
        deleted = await ctx.write(delete)
        total += deleted
        if deleted < CHUNK:
            return total
