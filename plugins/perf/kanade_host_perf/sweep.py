"""Retention: samples that are older than they are kept for (`contract/projections.md` 12)."""

from __future__ import annotations

from kanade_host.plugin import DAY_SECONDS, Context, delete_older


async def sweep(ctx: Context) -> int:
    """Delete old samples; how many went."""
    now = ctx.clock.now()
    hosts = now - ctx.settings.keep_host_days * DAY_SECONDS
    processes = now - ctx.settings.keep_process_days * DAY_SECONDS
    deleted = await delete_older(ctx, "host_perf_samples", "at", hosts.stored, topic="perf")
    return deleted + await delete_older(
        ctx, "process_perf_samples", "at", processes.stored, topic="processes"
    )
