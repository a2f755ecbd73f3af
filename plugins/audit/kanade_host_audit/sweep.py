"""Retention, where it is switched on: records that happened longer ago than they are kept for."""

from __future__ import annotations

from kanade_host.plugin import DAY_SECONDS, Context, Tx, in_parts

OLD = "SELECT id FROM audit_log WHERE occurred_at < ? ORDER BY occurred_at LIMIT ?"


async def sweep(ctx: Context) -> int:
    """Delete old records; how many went. The stream keeps them: a rebuild brings them back for a moment."""
    days: int | None = ctx.settings.keep_days
    if days is None:
        return 0
    before = ctx.clock.now() - days * DAY_SECONDS

    def delete(tx: Tx, most: int) -> int:
        ids = [(row[0],) for row in tx.execute(OLD, (before.stored, most))]
        tx.executemany("DELETE FROM audit_sources WHERE id = ?", ids)
        tx.executemany("DELETE FROM audit_log WHERE id = ?", ids)
        if ids:
            tx.changed("audit")
        return len(ids)

    return await in_parts(ctx, delete)
