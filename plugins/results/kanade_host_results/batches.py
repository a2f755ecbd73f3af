"""Waves and batches: what goes out together is one row, and goes when whoever fired it says so.

Its commands are staged with the fire (docs/decisions/large-fires.md). Sending a batch is one small
transaction that marks its row; the release then moves what is staged of it to the outbox, portion by
portion, and takes up where it stood after a crash. So a batch goes once, or not at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from kanade_host.plugin import Caller, Context, Instant, Tx, audit
from kanade_host_results.answers import BatchState, TargetStates, wire
from kanade_host_results.api import Fire, OpenBatch, StopAt
from kanade_host_results.live import DELIVERED_WITHIN_SECONDS
from kanade_host_results.outcome import STATES
from kanade_host_results.staging import Release, Target, mark_staged
from kanade_host_results.withdrawing import stop_open_batches, withdraw_some

GRACE_SECONDS = 600.0
"""After a deadline: for clocks that differ, and a report that is on its way."""

_OPEN = "b.sent_at IS NULL AND b.stopped IS NULL"
OPEN = (
    "SELECT b.exec_id, e.job_id, b.number, b.due, p.failed + p.timed_out AS failed, p.stop_count,"
    " p.stop_percent, (SELECT coalesce(sum(s.targets), 0) FROM execution_batches AS s"
    " WHERE s.exec_id = b.exec_id AND s.sent_at IS NOT NULL) AS sent"
    " FROM execution_batches AS b INDEXED BY execution_batches_open"
    " JOIN executions AS e ON e.exec_id = b.exec_id JOIN execution_plans AS p ON p.exec_id = b.exec_id"
    f" WHERE {_OPEN} AND b.due IS NOT NULL ORDER BY b.exec_id, b.number LIMIT 10000"
)
"""With a pause only the next batch is due; those after it would fill the limit."""
PCS = "SELECT pc_id FROM execution_targets WHERE exec_id = ? AND batch = ? ORDER BY pc_id"
LISTED = (
    "SELECT number, targets, due, sent_at, stopped FROM execution_batches WHERE exec_id = ? ORDER BY number"
)
COUNTS = "SELECT batch, state, count(*) FROM execution_targets WHERE exec_id = ? GROUP BY batch, state"


def batch_numbers(fire: Fire) -> Sequence[int | None]:
    """Of each command the number of its batch, from 1; None where there are no batches."""
    if not fire.batches:
        return [None] * len(fire.commands)
    return [number for number, batch in enumerate(fire.batches, 1) for _ in range(batch.commands)]


def expiry(last: Instant, deadline: Instant | None) -> Instant:
    """When a command that went out at `last` will reach nobody any more."""
    kept = last + DELIVERED_WITHIN_SECONDS
    return kept if deadline is None else min(kept, deadline + GRACE_SECONDS)


def record_batches(tx: Tx, fire: Fire, targets: Sequence[Target], at: Instant) -> None:
    """Write the rows; what is due now is sent with the fire."""
    members = Counter(batch for _, _, batch in targets)
    rows = []
    for number, batch in enumerate(fire.batches, 1):
        due, sent = batch.due, False
        if fire.pause_secs is None:
            sent = due is None
        else:
            sent = number == 1
            due = at + fire.pause_secs if number == 2 else None
        rows.append(
            (
                fire.exec_id,
                number,
                batch.commands,
                members[number],
                None if due is None else due.stored,
                at.stored if sent else None,
            )
        )
    tx.executemany(
        "INSERT INTO execution_batches (exec_id, number, commands, targets, due, sent_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        rows,
    )


async def open_batches(ctx: Context) -> list[OpenBatch]:
    return [
        OpenBatch(
            exec_id=row["exec_id"],
            job_id=row["job_id"],
            number=row["number"],
            due=None if row["due"] is None else Instant(row["due"]),
            failed=row["failed"],
            sent=row["sent"],
            stop_at=StopAt(row["stop_count"], row["stop_percent"]),
        )
        for row in await ctx.query(OPEN)
    ]


async def batch_pcs(ctx: Context, exec_id: str, number: int) -> list[str]:
    return [row[0] for row in await ctx.query(PCS, (exec_id, number))]


async def send_batch(ctx: Context, exec_id: str, number: int, release: Release) -> bool:
    at = ctx.clock.now()
    return await ctx.write(lambda tx: _send(tx, exec_id, number, at, release))


def _send(tx: Tx, exec_id: str, number: int, at: Instant, release: Release) -> bool:
    sent = tx.execute(
        "UPDATE execution_batches SET sent_at = ? WHERE exec_id = ? AND number = ? AND sent_at IS NULL"
        " AND stopped IS NULL",
        (at.stored, exec_id, number),
    )
    if not sent.rowcount:
        return False
    plan = tx.execute(
        "SELECT pause_secs, deadline_at, expires_at FROM execution_plans WHERE exec_id = ?", (exec_id,)
    ).fetchone()
    following = at
    if plan["pause_secs"] is not None:
        following = at + plan["pause_secs"]
        tx.execute(
            "UPDATE execution_batches SET due = ? WHERE exec_id = ? AND number = ?",
            (following.stored, exec_id, number + 1),
        )
    deadline = None if plan["deadline_at"] is None else Instant(plan["deadline_at"])
    expires = max(plan["expires_at"], expiry(following, deadline).stored)
    tx.execute("UPDATE execution_plans SET expires_at = ? WHERE exec_id = ?", (expires, exec_id))
    mark_staged(tx, exec_id, at)
    tx.after_commit(release.wake)
    tx.changed("executions", exec_id)
    return True


async def stop_batches(
    ctx: Context, exec_id: str, reason: str, caller: Caller | None, release: Release
) -> bool:
    at = ctx.clock.now()

    def stop(tx: Tx) -> bool:
        stopped = stop_open_batches(tx, exec_id, "skipped", reason)
        if not stopped:
            return False
        payload = {"reason": reason, "batches": stopped}
        actor = "operator" if caller is not None else "backend"
        audit(tx, at, "execution_stop", exec_id, payload, actor=actor, caller=caller)
        tx.changed("executions", exec_id)
        if withdraw_some(tx, exec_id, "skipped", reason, at).more:
            tx.after_commit(release.wake)  # which takes back the rest, after a crash too
        return True

    return await ctx.write(stop)


async def listed(ctx: Context, exec_id: str) -> list[BatchState]:
    """All batches of an execution, in order."""
    counts: dict[int | None, Counter[str]] = {}
    for batch, state, number in await ctx.query(COUNTS, (exec_id,)):
        counts.setdefault(batch, Counter())[state] = number
    return [
        BatchState(
            number=row["number"],
            targets=row["targets"],
            state="sent" if row["sent_at"] else "stopped" if row["stopped"] else "waiting",
            due=wire(row["due"]),
            sent_at=wire(row["sent_at"]),
            reason=row["stopped"],
            states=msgspec.convert(
                {state: counts.get(row["number"], Counter())[state] for state in STATES}, TargetStates
            ),
        )
        for row in await ctx.query(LISTED, (exec_id,))
    ]
