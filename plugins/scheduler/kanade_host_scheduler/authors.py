"""Who may have written what lies in the bucket: they cannot be the second person who releases its fires.

A save is two writes, to the file and to the broker, and a host may end between them, or never hear what the
broker made of it. So the account is noted first, and the others count until the save is known to have come
to pass. Whoever is noted is barred: at worst one person too many, and never one too few.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from kanade_host.plugin import Caller, Context, KanadeError, Tx
from kanade_host_scheduler.store import Refused

_OF = "SELECT until_revision FROM scheduler_writers WHERE schedule_id = ? AND sub = ?"
_SET = (
    "INSERT INTO scheduler_writers (schedule_id, sub, until_revision) VALUES (?, ?, ?)"
    " ON CONFLICT (schedule_id, sub) DO UPDATE SET until_revision = excluded.until_revision"
)
_FORGET = "DELETE FROM scheduler_writers WHERE schedule_id = ? AND sub = ?"
# Revisions only grow, and saves of a schedule follow each other: one that ended later than now belongs to a
# bucket that is gone.
_OF_ANOTHER_BUCKET = "DELETE FROM scheduler_writers WHERE schedule_id = ? AND until_revision > ?"
_ENDED = (
    "UPDATE scheduler_writers SET until_revision = ?"
    " WHERE schedule_id = ? AND sub <> ? AND until_revision IS NULL"
)
_MAY_HAVE_WRITTEN = (
    "SELECT sub FROM scheduler_writers WHERE schedule_id = ? AND sub <> ''"
    " AND (until_revision IS NULL OR until_revision > ?) ORDER BY sub"
)


class ScheduleAuthors:
    """Lets schedules be saved, one save of a schedule after the other."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._saving: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def save(self, schedule_id: str, caller: Caller, put: Callable[[], Awaitable[int]]) -> None:
        """Have it put under that account; `put` answers the revision. Raises what `put` raises.

        `Refused` says for certain that nothing was written. After any other error, and after a crash,
        it is open whose text lies there, until a later save is known to have come to pass.
        """
        sub = caller.sub or ""
        lock = self._saving.setdefault(schedule_id, asyncio.Lock())
        async with lock:
            before = await self._ctx.write(lambda tx: _note(tx, schedule_id, sub))
            try:
                revision = await put()
            except Refused:
                with contextlib.suppress(KanadeError):  # they stay noted
                    await self._ctx.write(lambda tx: _restore(tx, schedule_id, sub, before))
                raise
            await self._ctx.write(lambda tx: _confirm(tx, schedule_id, sub, revision))


def authors_of(tx: Tx, schedule_id: str, revision: int) -> list[str]:
    """The accounts that may have written that revision; who has saved a later one counts too.

    A tick may hold an older text than the bucket, and come to its fire after the newer one was saved.
    """
    return [row[0] for row in tx.execute(_MAY_HAVE_WRITTEN, (schedule_id, revision))]


_Before = tuple[int | None] | None
"""What was known of an account: None, nothing."""


def _note(tx: Tx, schedule_id: str, sub: str) -> _Before:
    row = tx.execute(_OF, (schedule_id, sub)).fetchone()
    tx.execute(_SET, (schedule_id, sub, None))
    return None if row is None else (row[0],)


def _restore(tx: Tx, schedule_id: str, sub: str, before: _Before) -> None:
    if before is None:
        tx.execute(_FORGET, (schedule_id, sub))
    else:
        tx.execute(_SET, (schedule_id, sub, *before))


def _confirm(tx: Tx, schedule_id: str, sub: str, revision: int) -> None:
    tx.execute(_OF_ANOTHER_BUCKET, (schedule_id, revision))
    tx.execute(_ENDED, (revision, schedule_id, sub))
