"""Retention of history (`contract/projections.md` 12)."""

from __future__ import annotations

from kanade_host.plugin import DAY_SECONDS, Context, delete_older
from kanade_host_inventory.projector import TOPIC


async def sweep(ctx: Context) -> int:
    """Delete old changes; how many went."""
    before = ctx.clock.now() - ctx.settings.keep_history_days * DAY_SECONDS
    return await delete_older(ctx, "inventory_history", "observed_at", before.sql, topic=TOPIC)
