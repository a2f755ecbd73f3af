"""What is kept for a while only: finished moves, and signs of doubled ids."""

from __future__ import annotations

from kanade_host.plugin import DAY_SECONDS, Context, Tx

MOVES_DAYS = 365
DOUBLES_DAYS = 30
_MOVES = "DELETE FROM heartbeat_moves WHERE finished_at < ?"
_DOUBLES = "DELETE FROM heartbeat_doubles WHERE last_at < ?"


async def sweep(ctx: Context) -> int:
    """Delete what is older; answers how many rows went. There are few: one transaction does."""
    now = ctx.clock.now()
    moves, doubles = now - MOVES_DAYS * DAY_SECONDS, now - DOUBLES_DAYS * DAY_SECONDS

    def work(tx: Tx) -> int:
        return tx.execute(_MOVES, (moves.stored,)).rowcount + tx.execute(_DOUBLES, (doubles.stored,)).rowcount

    return await ctx.write(work)
