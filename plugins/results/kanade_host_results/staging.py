"""Fires that are too large for one transaction (docs/decisions/large-fires.md).

Targets and commands are staged in transactions of their own, under a mark in `execution_fires`. The last
transaction writes the row of the execution: from then on it exists, as a whole, and from then on what is
staged is moved to the outbox, again in transactions that a crash cannot split. What is staged without a
row when the plugin starts was never promised, and goes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence

from kanade_host.plugin import Context, Instant, Tx
from kanade_host_results.api import Fire
from kanade_host_results.withdrawing import withdraw

COMMANDS_AT_ONCE = 5_000
TARGETS_AT_ONCE = 10_000
BYTES_AT_ONCE = 16 * 1024 * 1024
_CHUNK = 2_000
_CHUNK_BYTES = 8 * 1024 * 1024
_IDLE_SECONDS = 60.0

STOPPED = (
    "SELECT DISTINCT p.exec_id, b.stopped_as, b.stopped"
    " FROM execution_plans AS p INDEXED BY execution_plans_waiting"
    " JOIN execution_batches AS b ON b.exec_id = p.exec_id WHERE p.waiting > 0 AND b.stopped IS NOT NULL"
)
"""Executions whose batches were stopped, with targets that nobody has told yet."""

ENDING = (
    "SELECT exec_id, ending_as, ending_reason FROM execution_plans INDEXED BY execution_plans_waiting"
    " WHERE waiting > 0 AND ending_as IS NOT NULL"
)
"""Those that end altogether, whether or not they went in batches."""

Target = tuple[str, str | None, int | None]
"""pc_id, the request_id of the command that reaches it, and the number of its batch."""


def is_large(fire: Fire) -> bool:
    """Would it hold the writer for too long?"""
    return (
        len(fire.commands) > COMMANDS_AT_ONCE
        or len(fire.expected) > TARGETS_AT_ONCE
        or sum(len(command.body) for command in fire.commands) > BYTES_AT_ONCE
    )


def mark_staged(tx: Tx, exec_id: str, at: Instant) -> None:
    """What follows belongs to a fire that does not count yet."""
    tx.execute(
        "INSERT INTO execution_fires (exec_id, staged_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (exec_id, at.stored),
    )


def unmark_staged(tx: Tx, exec_id: str) -> None:
    """Nothing of that fire is to be moved now; what is staged of later batches waits for its mark."""
    tx.execute("DELETE FROM execution_fires WHERE exec_id = ?", (exec_id,))


def insert_targets(tx: Tx, exec_id: str, targets: Sequence[Target], at: Instant) -> None:
    """One row for each PC; all of them wait."""
    tx.executemany(
        "INSERT INTO execution_targets (exec_id, pc_id, request_id, batch, state, changed_at)"
        " VALUES (?, ?, ?, ?, 'waiting', ?) ON CONFLICT DO NOTHING",
        [(exec_id, pc_id, request_id, batch, at.stored) for pc_id, request_id, batch in targets],
    )


async def stage(
    ctx: Context, fire: Fire, targets: Sequence[Target], numbers: Sequence[int | None], at: Instant
) -> None:
    """Write targets and commands in transactions of bounded size."""
    await ctx.write(lambda tx: mark_staged(tx, fire.exec_id, at))
    for start in range(0, len(targets), TARGETS_AT_ONCE):
        part = targets[start : start + TARGETS_AT_ONCE]
        await ctx.write(lambda tx, part=part: insert_targets(tx, fire.exec_id, part, at))  # type: ignore[misc]
    rows: list[tuple[object, ...]] = []
    size = 0
    for command, number in zip(fire.commands, numbers, strict=True):
        rows.append((fire.exec_id, command.request_id, command.subject, command.body, number))
        size += len(command.body)
        if len(rows) >= _CHUNK or size >= _CHUNK_BYTES:
            await _write(ctx, rows)
            rows, size = [], 0
    if rows:
        await _write(ctx, rows)


async def _write(ctx: Context, rows: list[tuple[object, ...]]) -> None:
    sql = (
        "INSERT INTO execution_staged (exec_id, request_id, subject, body, batch) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING"
    )
    await ctx.write(lambda tx: tx.executemany(sql, rows).rowcount)


class Release:
    """Moves what is staged to the outbox, and finishes what one transaction could not take back."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._wake = asyncio.Event()
        self._held: set[str] = set()

    def wake(self) -> None:
        """There is something to do."""
        self._wake.set()

    @contextlib.contextmanager
    def holding(self, exec_id: str) -> Iterator[None]:
        """While a fire is being staged it is no leftover."""
        self._held.add(exec_id)
        try:
            yield
        finally:
            self._held.discard(exec_id)

    async def run(self) -> None:
        """Endless."""
        await self._clear_leftovers()
        while True:
            self._wake.clear()
            while await self._ctx.write(_release_some):
                pass
            await self._finish_superseded()
            await self._finish_stopped()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_IDLE_SECONDS):
                    await self._wake.wait()

    async def _clear_leftovers(self) -> None:
        rows = await self._ctx.query(
            "SELECT exec_id FROM execution_fires WHERE exec_id NOT IN (SELECT exec_id FROM executions)"
        )
        for row in rows:
            if row[0] not in self._held:
                self._ctx.log.warning("a fire was never finished and is forgotten", exec_id=row[0])
                while await self._ctx.write(lambda tx, exec_id=row[0]: _clear(tx, exec_id)):  # type: ignore[misc]
                    pass

    async def _finish_superseded(self) -> None:
        rows = await self._ctx.query(
            "SELECT exec_id, superseded_by FROM execution_plans"
            " WHERE superseded_by IS NOT NULL AND waiting > 0"
        )
        for exec_id, later in rows:
            await withdraw(self._ctx, exec_id, "superseded", f"superseded by {later}")

    async def _finish_stopped(self) -> None:
        for exec_id, state, reason in await self._ctx.query(ENDING):
            await withdraw(self._ctx, exec_id, state, reason)
        for exec_id, state, reason in await self._ctx.query(STOPPED):
            await withdraw(self._ctx, exec_id, state, None if reason == state else reason)


def _release_some(tx: Tx) -> bool:
    """Move one chunk; False when nothing was left of any fire."""
    fire = tx.execute(
        "SELECT exec_id FROM execution_fires WHERE exec_id IN (SELECT exec_id FROM executions) LIMIT 1"
    ).fetchone()
    if fire is None:
        return False
    moved, size = [], 0
    rows = tx.execute(
        "SELECT id, request_id, subject, body FROM execution_staged WHERE exec_id = ? AND (batch IS NULL"
        " OR batch IN (SELECT number FROM execution_batches WHERE exec_id = ? AND sent_at IS NOT NULL))"
        " ORDER BY id LIMIT ?",
        (fire[0], fire[0], _CHUNK),
    )
    for id, request_id, subject, body in rows:
        tx.send(subject, body, id=f"command-{request_id}")
        moved.append((id,))
        size += len(body)
        if size >= _CHUNK_BYTES:
            break
    tx.executemany("DELETE FROM execution_staged WHERE id = ?", moved)
    if not moved:
        unmark_staged(tx, fire[0])
    return True


def _clear(tx: Tx, exec_id: str) -> bool:
    """Forget a chunk of a fire that never counted; False when all is gone."""
    commands = tx.execute(
        "DELETE FROM execution_staged WHERE id IN"
        " (SELECT id FROM execution_staged WHERE exec_id = ? LIMIT ?)",
        (exec_id, _CHUNK),
    )
    targets = tx.execute(
        "DELETE FROM execution_targets WHERE exec_id = ? AND pc_id IN"
        " (SELECT pc_id FROM execution_targets WHERE exec_id = ? LIMIT ?)",
        (exec_id, exec_id, TARGETS_AT_ONCE),
    )
    if commands.rowcount + targets.rowcount:
        return True
    unmark_staged(tx, exec_id)
    return False
