"""Retention: events that are older than they are kept for (`contract/projections.md` 12)."""

from __future__ import annotations

from kanade_host.plugin import Context, Tx

CHUNK = 5_000
DAY_SECONDS = 86_400
OLD = "DELETE FROM obs_events WHERE id IN (SELECT id FROM obs_events WHERE at < ? ORDER BY at LIMIT ?)"


async def sweep(ctx: Context) -> int:
    """Delete in chunks that hold the writer briefly; how many rows went."""
    before = (ctx.clock.now() - ctx.settings.keep_days * DAY_SECONDS).stored
    total = 0
    while True:
        deleted = await ctx.write(lambda tx: _delete(tx, before))
        total += deleted
        if deleted < CHUNK:
            return total


def _delete(tx: Tx, before: str) -> int:
    deleted = tx.execute(OLD, (before, CHUNK)).rowcount
    if deleted:
        tx.changed("obs")
    return deleted
