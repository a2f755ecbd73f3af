"""Retention of history (`contract/projections.md` 12)."""

from __future__ import annotations

from kanade_host.plugin import Context, Tx
from kanade_host_inventory.projector import TOPIC

CHUNK = 5_000
DAY_SECONDS = 86_400
OLD = (
    "DELETE FROM inventory_history WHERE id IN"
    " (SELECT id FROM inventory_history WHERE observed_at < ? ORDER BY observed_at LIMIT ?)"
)


async def sweep(ctx: Context) -> int:
    """Delete in chunks that hold the writer briefly; how many rows went."""
    before = (ctx.clock.now() - ctx.settings.keep_history_days * DAY_SECONDS).sql
    total = 0
    while True:
        deleted = await ctx.write(lambda tx: _delete(tx, before))
        total += deleted
        if deleted < CHUNK:
            return total


def _delete(tx: Tx, before: str) -> int:
    deleted = tx.execute(OLD, (before, CHUNK)).rowcount
    if deleted:
        tx.changed(TOPIC)
    return deleted
