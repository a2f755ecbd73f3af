"""Deleting what is older than it is kept for, without holding the one writer for long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from kanade_host.plugin.context import Context
from kanade_host.plugin.subscriptions import Tx

DAY_SECONDS = 86_400
FIRST, LEAST, MOST = 500, 20, 5_000
PART_SECONDS = 0.04
"""What one part may take. Deleting 5,000 samples in one piece held the writer for a second: each touches
pages of its own in every index.
"""


def deletion(table: str, column: str) -> str:
    """One part's statement, for whoever looks at its plan; its parameters are the bound and how many rows."""
    return (
        f"DELETE FROM {table} WHERE rowid IN"
        f" (SELECT rowid FROM {table} WHERE {column} < ? ORDER BY {column} LIMIT ?)"
    )


async def delete_older(
    ctx: Context, table: str, column: str, before: str, *, topic: str | None = None
) -> int:
    """Delete the rows of the plugin's own `table` whose `column` is below `before`; how many went.

    `before` has the form of the column (`Instant.stored` or `Instant.sql`); an index on the column keeps
    each part to its own rows. `topic` is told as changed where something went. For a `Sweep`.
    """
    sql = deletion(table, column)

    def delete(tx: Tx, most: int) -> int:
        deleted = tx.execute(sql, (before, most)).rowcount
        if deleted and topic is not None:
            tx.changed(topic)
        return deleted

    return await in_parts(ctx, delete)


async def in_parts(ctx: Context, step: Callable[[Tx, int], int]) -> int:
    """Call `step(tx, most)`, which does up to `most` things, until it does fewer; how many it did.

    Each part is a transaction of its own and about as large as takes 40 ms, and after each the writer is
    left to others for as long again.
    """
    total, most = 0, FIRST
    while True:
        done, seconds = await ctx.write(_timed(step, most))
        total += done
        if done < most:
            return total
        most = following(most, seconds)
        await asyncio.sleep(min(seconds, 1.0))


def following(most: int, seconds: float) -> int:
    """How large the next part shall be, after one of `most` that took so long; at most twice as large."""
    fitting = most * PART_SECONDS / max(seconds, PART_SECONDS / 2)
    return max(LEAST, min(int(fitting), MOST))


def _timed(step: Callable[[Tx, int], int], most: int) -> Callable[[Tx], tuple[int, float]]:
    def timed(tx: Tx) -> tuple[int, float]:
        began = time.perf_counter()
        return step(tx, most), time.perf_counter() - began

    return timed
