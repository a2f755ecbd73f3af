"""Who saved a schedule last, for whoever keeps two people apart (`kanade_host_scheduler.api.Authors`)."""

from __future__ import annotations

from kanade_host.plugin import Caller, Context, Tx

_SAVED = (
    "INSERT INTO scheduler_authors (schedule_id, sub, saved_at) VALUES (?, ?, ?) ON CONFLICT (schedule_id)"
    " DO UPDATE SET sub = excluded.sub, saved_at = excluded.saved_at"
)
_AUTHOR = "SELECT sub FROM scheduler_authors WHERE schedule_id = ?"


class ScheduleAuthors:
    """Implements `Authors`, over the table."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def author(self, schedule_id: str) -> str | None:
        rows = await self._ctx.query(_AUTHOR, (schedule_id,))
        return rows[0][0] or None if rows else None


async def note_author(ctx: Context, schedule_id: str, caller: Caller) -> None:
    """Before it is saved: its first tick may ask a moment later."""
    at = ctx.clock.now()

    def write(tx: Tx) -> None:
        tx.execute(_SAVED, (schedule_id, caller.sub or "", at.stored))

    await ctx.write(write)
