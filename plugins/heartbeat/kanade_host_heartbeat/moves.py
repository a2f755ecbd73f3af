"""Every plugin's part of a PC that leaves or changes its id, repeated until all have done it.

No transaction spans plugins. So a move is a row that names who has done its part; what was interrupted
or failed is tried again, and a plugin that was switched off is asked when it runs again.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import msgspec

from kanade_host.plugin import Context, HttpError, Instant, Request, Tx, audit, decode, encode

if TYPE_CHECKING:
    from kanade_host_heartbeat.api import PcRecords

MOVES = "heartbeat.moves"
PARTS = "pc_records"
AGAIN_SECONDS = 10.0
REMEMBERED_SECONDS = 90 * 86_400
"""How long a plugin that was switched off may be late with its part."""
ANSWER_SECONDS = 5.0

_COLUMNS = "id, kind, pc_id, successor, asked_at, asked_by, finished_at, done, failed"
ONE = f"SELECT {_COLUMNS} FROM heartbeat_moves WHERE id = ?"
NEWEST = f"SELECT {_COLUMNS} FROM heartbeat_moves WHERE id < ? ORDER BY id DESC LIMIT ?"
OF_PC = f"SELECT {_COLUMNS} FROM heartbeat_moves WHERE pc_id = ? AND id < ? ORDER BY id DESC LIMIT ?"
PENDING = f"SELECT {_COLUMNS} FROM heartbeat_moves WHERE finished_at IS NULL ORDER BY id LIMIT 100"
LATE = (
    f"SELECT {_COLUMNS} FROM heartbeat_moves m WHERE finished_at >= ?"
    " AND NOT EXISTS (SELECT 1 FROM agents a WHERE a.pc_id = m.pc_id) ORDER BY id LIMIT 10000"
)
_REPEAT = "UPDATE heartbeat_moves SET done = ?, failed = '{}', finished_at = NULL WHERE id = ?"
_IN_USE = "SELECT 1 FROM agents WHERE pc_id = ?"
_NOTE = "UPDATE heartbeat_moves SET done = ?, failed = ?, finished_at = ? WHERE id = ?"


class Part(msgspec.Struct, frozen=True):
    """What one plugin did."""

    rows: int
    notes: list[str]


class Move(msgspec.Struct, frozen=True):
    """A PC that was retired, renamed or merged. `finished_at`: null until every plugin did its part."""

    id: int
    kind: str
    pc_id: str
    successor: str | None
    asked_at: Instant
    asked_by: str | None
    finished_at: Instant | None
    done: dict[str, Part]
    failed: dict[str, str]


class Moves:
    """Service `heartbeat.moves`, of this plugin itself."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._wake = asyncio.Event()
        self._looked = asyncio.Event()

    def asked(self) -> None:
        """There is a new one: do not wait for the next look."""
        self._wake.set()

    async def finished(self, id: int) -> Move:
        """The move, once it is finished, or as it stands after a few seconds."""
        self.asked()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                while (move := await one(self._ctx, id)).finished_at is None and not move.failed:
                    self._looked.clear()
                    await self._looked.wait()
        return await one(self._ctx, id)

    async def run(self) -> None:
        """The task: as long as the plugin runs."""
        await self._catch_up()
        while True:
            self._wake.clear()
            for row in await self._ctx.query(PENDING):
                await self._go_on(_move(row))
            self._looked.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), AGAIN_SECONDS)

    async def _catch_up(self) -> None:
        """Parts of plugins that did not run then; not where the old id is in use again."""
        since = (self._ctx.clock.now() - REMEMBERED_SECONDS).stored
        parts = self._ctx.offers(PARTS).keys()
        for row in await self._ctx.query(LATE, (since,)):
            move = _move(row)
            if not parts <= move.done.keys():
                await self._go_on(move)

    async def _go_on(self, move: Move) -> None:
        """Ask every plugin that has not done its part, one after the other."""
        done, failed = dict(move.done), dict[str, str]()
        for plugin, records in self._ctx.offers(PARTS).items():
            if plugin in done:
                continue
            try:
                done[plugin] = await _part(records, move)
            except Exception as error:  # of whatever plugin: the others go on, and it is tried again
                failed[plugin] = str(error) or type(error).__name__
                self._ctx.log.warning("a move of a PC is held up", move=move.id, by=plugin, reason=str(error))
            await self._note(move, done, failed, None)
        if not failed:
            await self._note(move, done, failed, self._ctx.clock.now())

    async def _note(
        self, move: Move, done: dict[str, Part], failed: dict[str, str], finished: Instant | None
    ) -> None:
        finished = move.finished_at or finished
        values = (encode(done).decode(), encode(failed).decode(), finished and finished.stored, move.id)

        def work(tx: Tx) -> None:
            tx.execute(_NOTE, values)
            tx.changed("moves", str(move.id))

        await self._ctx.write(work)


async def _part(records: PcRecords, move: Move) -> Part:
    if move.successor is None:
        rows, notes = await records.retire(move.pc_id)
    else:
        rows, notes = await records.move(move.pc_id, move.successor)
    return Part(rows, list(notes))


async def repeat(request: Request, id: int) -> None:
    """Ask every plugin again: after a rebuild, whose stream knows the old id. `HttpError` 404, 409."""
    move = await one(request.ctx, id)
    own = {plugin: part for plugin, part in move.done.items() if plugin == request.ctx.plugin}

    def work(tx: Tx) -> None:
        if tx.execute(_IN_USE, (move.pc_id,)).fetchone() is not None:
            raise HttpError(409, f"`{move.pc_id}` is in use again: what is under that id now is its own")
        tx.execute(_REPEAT, (encode(own).decode(), id))
        audit(
            tx, request.ctx.clock.now(), "agent_move_repeat", move.pc_id, {"move": id}, caller=request.caller
        )

    await request.ctx.write(work)


async def one(ctx: Context, id: int) -> Move:
    """One move; 404 when there is none of that number."""
    rows = await ctx.query(ONE, (id,))
    if not rows:
        raise HttpError(404, f"there is no move {id}")
    return _move(rows[0])


async def newest(ctx: Context, pc_id: str | None, before: int, limit: int) -> list[Move]:
    """Moves before that number, the newest first; of one PC by the id it had, if asked."""
    if pc_id is not None:
        rows = await ctx.query(OF_PC, (pc_id, before, limit))
    else:
        rows = await ctx.query(NEWEST, (before, limit))
    return [_move(row) for row in rows]


def _move(row: Any) -> Move:
    finished = row["finished_at"]
    return Move(
        id=row["id"],
        kind=row["kind"],
        pc_id=row["pc_id"],
        successor=row["successor"],
        asked_at=Instant(row["asked_at"]),
        asked_by=row["asked_by"],
        finished_at=None if finished is None else Instant(finished),
        done=decode(dict[str, Part], row["done"].encode()),
        failed=decode(dict[str, str], row["failed"].encode()),
    )
