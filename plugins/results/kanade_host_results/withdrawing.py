"""Take back commands that nobody has received, and end their targets: kill, revoke, supersede, expire.

What is still in the outbox, or staged for it, is withdrawn and was never sent. What may lie in the
stream EXEC is noted in `execution_unwanted`, until whoever deletes it there says that it is gone.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from kanade_host.plugin import Caller, Context, Instant, Tx, audit
from kanade_host_results.live import broadcasts_of
from kanade_host_results.targets import Move, move, settle_status

CHUNK = 2_000
"""Targets in one transaction: about a tenth of the time that one may take."""

Pair = tuple[str, str]
_SUBJECT = re.compile(r"kill(\.[^\s.*>\x00-\x1f\x7f]+)+").fullmatch


@dataclass(frozen=True, slots=True)
class Taken:
    """What one transaction took back. `more`: targets are left, call again."""

    pairs: list[Pair]
    more: bool


def withdraw_some(tx: Tx, exec_id: str, state: str, reason: str | None, at: Instant) -> Taken:
    """End up to `CHUNK` waiting targets of an execution; with the last ones go its broadcasts."""
    plan = tx.execute("SELECT broadcasts FROM execution_plans WHERE exec_id = ?", (exec_id,)).fetchone()
    if plan is None:
        return Taken([], False)
    stop_open_batches(tx, exec_id, state, reason)
    broadcast = broadcasts_of(plan[0])
    rows = tx.execute(
        "SELECT pc_id, request_id FROM execution_targets WHERE exec_id = ? AND state = 'waiting' LIMIT ?",
        (exec_id, CHUNK),
    ).fetchall()
    more = len(rows) == CHUNK
    if more:
        tx.execute(
            "UPDATE execution_plans SET ending_as = ?, ending_reason = ? WHERE exec_id = ?",
            (state, reason, exec_id),
        )
    single = {
        request_id: f"commands.pc.{pc_id}"
        for pc_id, request_id in rows
        if request_id is not None and request_id not in broadcast
    }
    ending = single if more else single | broadcast
    pairs = [
        (subject, request_id)
        for request_id, subject in ending.items()
        if not _unsent(tx, exec_id, request_id)
    ]
    tx.executemany(
        "INSERT INTO execution_unwanted (request_id, subject, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(request_id, subject, at.stored) for subject, request_id in pairs],
    )
    if broadcast and not more:
        tx.execute("UPDATE execution_plans SET broadcasts = NULL WHERE exec_id = ?", (exec_id,))
    if rows:
        move(tx, {(exec_id, row[0]): Move(state, at, None, reason) for row in rows})
        settle_status(tx, [exec_id])
        tx.changed("executions", exec_id)
    return Taken(pairs, more)


def stop_open_batches(tx: Tx, exec_id: str, state: str, reason: str | None) -> int:
    """No further batch goes, whatever becomes of what is staged; how many are stopped by this.

    `state` and `reason` are what the waiting targets are told; without a reason the state is it.
    """
    return tx.execute(
        "UPDATE execution_batches SET stopped = ?, stopped_as = ?"
        " WHERE exec_id = ? AND sent_at IS NULL AND stopped IS NULL",
        (reason or state, state, exec_id),
    ).rowcount


def _unsent(tx: Tx, exec_id: str, request_id: str) -> bool:
    """Take the command back where it has not gone out yet."""
    staged = tx.execute(
        "DELETE FROM execution_staged WHERE exec_id = ? AND request_id = ?", (exec_id, request_id)
    ).rowcount
    return bool(staged) or tx.withdraw(f"command-{request_id}") > 0


async def withdraw(ctx: Context, exec_id: str, state: str, reason: str | None) -> list[Pair]:
    """The same for all targets, in as many transactions as it takes."""
    pairs: list[Pair] = []
    while True:
        at = ctx.clock.now()
        taken = await ctx.write(lambda tx, at=at: withdraw_some(tx, exec_id, state, reason, at))  # type: ignore[misc]
        pairs += taken.pairs
        if not taken.more:
            return pairs


async def kill(ctx: Context, exec_id: str, caller: Caller | None) -> list[Pair]:
    """Send the kill and end the first targets in one transaction, then the others."""
    at = ctx.clock.now()
    message_id = f"kill-{exec_id}-{uuid.uuid4()}"

    def first(tx: Tx) -> Taken:
        taken = withdraw_some(tx, exec_id, "killed", None, at)
        if _SUBJECT(f"kill.{exec_id}"):
            tx.send(f"kill.{exec_id}", b"", id=message_id, core=True)
        audit(tx, at, "kill", exec_id, {}, caller=caller)
        return taken

    taken = await ctx.write(first)
    if not taken.more:
        return taken.pairs
    return taken.pairs + await withdraw(ctx, exec_id, "killed", None)


async def gone(ctx: Context, request_ids: Sequence[str]) -> None:
    """Forget commands that are in EXEC no more."""
    for start in range(0, len(request_ids), CHUNK):
        part = request_ids[start : start + CHUNK]

        def forget(tx: Tx, part: Sequence[str] = part) -> None:
            tx.executemany("DELETE FROM execution_unwanted WHERE request_id = ?", [(one,) for one in part])

        await ctx.write(forget)
