"""Retention: events that are older than they are kept for (`contract/projections.md` 12)."""

from __future__ import annotations

from kanade_host.plugin import DAY_SECONDS, Context, delete_older


async def sweep(ctx: Context) -> int:
    """Delete old events; how many went."""
    before = ctx.clock.now() - ctx.settings.keep_days * DAY_SECONDS
    return await delete_older(ctx, "obs_events", "at", before.stored, topic="obs")
