"""Deleting what is older than it is kept for, without holding the one writer for long."""

from __future__ import annotations

from kanade_host.plugin.context import Context
from kanade_host.plugin.subscriptions import Tx

CHUNK = 5_000
DAY_SECONDS = 86_400


def deletion(table: str, column: str) -> str:
    """One chunk's statement, for whoever looks at its plan; the bound is its parameter."""
    return (
        f"DELETE FROM {table} WHERE rowid IN"
        f" (SELECT rowid FROM {table} WHERE {column} < ? ORDER BY {column} LIMIT {CHUNK})"
    )


async def delete_older(
    ctx: Context, table: str, column: str, before: str, *, topic: str | None = None
) -> int:
    """Delete the rows of the plugin's own `table` whose `column` is below `before`; how many went.

    `before` has the form of the column (`Instant.stored` or `Instant.sql`); an index on the column keeps
    each chunk to its own rows. `topic` is told as changed where something went. For a `Sweep`.
    """
    sql = deletion(table, column)

    def delete(tx: Tx) -> int:
        deleted = tx.execute(sql, (before,)).rowcount
        if deleted and topic is not None:
            tx.changed(topic)
        return deleted

    total = 0
    while True:
        deleted = await ctx.write(delete)
        total += deleted
        if deleted < CHUNK:
            return total
