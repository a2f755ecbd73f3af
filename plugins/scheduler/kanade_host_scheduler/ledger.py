"""What is kept of schedules: the next tick, fires, and what each tick decided and why.

Every function that takes a `Tx` runs on the writer thread.
"""

from __future__ import annotations

import sqlite3
from typing import Literal

import msgspec

from kanade_host.plugin import Context, Instant, KanadeError, Tx, encode

Outcome = Literal["fired", "skipped", "failed", "missed", "completed", "run", "held", "frozen", "pending"]
"""`held`: everything was paused; `frozen`: a freeze window; `pending`: the fire waits for an approval."""
TOPIC = "schedules"
KEPT_PER_SCHEDULE = 200

LAST_TICK = "SELECT id, decision, reason FROM scheduler_ticks WHERE schedule_id = ? ORDER BY id DESC LIMIT 1"
TICKS_OF = "SELECT * FROM scheduler_ticks WHERE schedule_id = ? AND id < ? ORDER BY id DESC LIMIT ?"
TICKS_OF_KIND = (
    "SELECT * FROM scheduler_ticks INDEXED BY scheduler_ticks_decision"
    " WHERE decision = ? AND id < ? ORDER BY id DESC LIMIT ?"
)
TICKS = "SELECT * FROM scheduler_ticks WHERE id < ? ORDER BY id DESC LIMIT ?"
UNFINISHED = (
    "SELECT * FROM scheduler_fires WHERE state = 'firing' AND planned_at < ? ORDER BY planned_at LIMIT ?"
)
STATES = (
    "SELECT s.schedule_id, s.next_due, s.problem, s.problem_at, s.last_exec_id, t.decision, t.reason,"
    " t.last_due, t.decided_at FROM scheduler_schedules AS s LEFT JOIN scheduler_ticks AS t ON t.id ="
    " (SELECT max(id) FROM scheduler_ticks WHERE schedule_id = s.schedule_id)"
    " ORDER BY s.schedule_id LIMIT ?"
)


class TickRow(msgspec.Struct, frozen=True, kw_only=True):
    """Ticks of one schedule, in a row, that decided the same."""

    id: int
    schedule_id: str
    decision: str
    reason: str
    first_due: Instant
    last_due: Instant
    times: int
    exec_id: str | None
    decided_at: Instant


class Remembered(msgspec.Struct, frozen=True):
    """What is known of a schedule after a restart."""

    rhythm: str
    next_due: Instant | None
    last_job_id: str | None
    last_exec_id: str | None


async def remembered(ctx: Context, schedule_id: str) -> Remembered | None:
    rows = await ctx.query("SELECT * FROM scheduler_schedules WHERE schedule_id = ?", (schedule_id,))
    if not rows:
        return None
    row = rows[0]
    due = None if row["next_due"] is None else Instant(row["next_due"])
    return Remembered(row["rhythm"], due, row["last_job_id"], row["last_exec_id"])


def remember(tx: Tx, schedule_id: str, rhythm: str, next_due: Instant | None) -> None:
    """A schedule ticks next then; what was wrong with it is not any more."""
    due = None if next_due is None else next_due.stored
    tx.execute(
        "INSERT INTO scheduler_schedules (schedule_id, rhythm, next_due) VALUES (?, ?, ?)"
        " ON CONFLICT (schedule_id) DO UPDATE SET rhythm = excluded.rhythm, next_due = excluded.next_due,"
        " problem = NULL, problem_at = NULL",
        (schedule_id, rhythm, due),
    )
    tx.changed(TOPIC, schedule_id)


def advance(tx: Tx, schedule_id: str, next_due: Instant | None) -> None:
    """A tick was dealt with: it will not count as missed."""
    due = None if next_due is None else next_due.stored
    tx.execute(
        "UPDATE scheduler_schedules SET next_due = ? WHERE schedule_id = ? AND next_due IS NOT NULL",
        (due, schedule_id),
    )


def rest(tx: Tx, schedule_id: str) -> None:
    """It ticks here no more, for now: what it did stays known."""
    tx.execute(
        "UPDATE scheduler_schedules SET next_due = NULL, problem = NULL, problem_at = NULL"
        " WHERE schedule_id = ?",
        (schedule_id,),
    )
    tx.changed(TOPIC, schedule_id)


def complain(tx: Tx, schedule_id: str, problem: str, at: Instant, *, stopped: bool) -> None:
    """Keep what is wrong with the bucket's entry. `stopped`: there is no next tick."""
    tx.execute(
        "INSERT INTO scheduler_schedules (schedule_id, rhythm, problem, problem_at) VALUES (?, '', ?, ?)"
        " ON CONFLICT (schedule_id) DO UPDATE SET problem = excluded.problem,"
        " problem_at = excluded.problem_at, next_due = CASE WHEN ? THEN NULL ELSE next_due END",
        (schedule_id, problem, at.stored, stopped),
    )
    tx.changed(TOPIC, schedule_id)


# -- ticks -------------------------------------------------------------------------------------


def note(
    tx: Tx,
    schedule_id: str,
    decision: Outcome,
    reason: str,
    due: Instant,
    at: Instant,
    *,
    exec_id: str | None = None,
    last_due: Instant | None = None,
    times: int = 1,
) -> None:
    """Record what a tick decided; a tick that says what the one before said is counted in its row."""
    last = (last_due or due).stored
    previous = tx.execute(LAST_TICK, (schedule_id,)).fetchone()
    if exec_id is None and previous is not None and tuple(previous)[1:] == (decision, reason):
        tx.execute(
            "UPDATE scheduler_ticks SET times = times + ?, last_due = ?, decided_at = ? WHERE id = ?",
            (times, last, at.stored, previous[0]),
        )
    else:
        tx.execute(
            "INSERT INTO scheduler_ticks (schedule_id, decision, reason, first_due, last_due, times, exec_id,"
            " decided_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (schedule_id, decision, reason, due.stored, last, times, exec_id, at.stored),
        )
        tx.execute(
            "DELETE FROM scheduler_ticks WHERE schedule_id = ? AND id <= (SELECT id FROM scheduler_ticks"
            " WHERE schedule_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (schedule_id, schedule_id, KEPT_PER_SCHEDULE),
        )
    tx.changed(TOPIC, schedule_id)


def row_of(row: sqlite3.Row) -> TickRow:
    return TickRow(
        id=row["id"],
        schedule_id=row["schedule_id"],
        decision=row["decision"],
        reason=row["reason"],
        first_due=Instant(row["first_due"]),
        last_due=Instant(row["last_due"]),
        times=row["times"],
        exec_id=row["exec_id"],
        decided_at=Instant(row["decided_at"]),
    )


# -- fires -------------------------------------------------------------------------------------


def plan_fire(
    tx: Tx,
    schedule_id: str,
    due: Instant,
    *,
    exec_id: str,
    job_id: str,
    plan: bytes,
    authors: list[str],
    supersedes: str | None,
    reason: str,
    at: Instant,
) -> bool:
    """Write a fire down before it happens; False: that due second was fired already."""
    made = tx.execute(
        "INSERT INTO scheduler_fires (schedule_id, due, exec_id, job_id, plan, authors, supersedes, state,"
        " reason, planned_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'firing', ?, ?) ON CONFLICT DO NOTHING",
        (
            schedule_id,
            due.stored,
            exec_id,
            job_id,
            plan.decode(),
            encode(authors).decode(),
            supersedes,
            reason,
            at.stored,
        ),
    )
    return made.rowcount == 1


def fired(
    tx: Tx, schedule_id: str, due: Instant, exec_id: str, job_id: str, reason: str, at: Instant
) -> None:
    """A planned fire has happened."""
    tx.execute(
        "UPDATE scheduler_fires SET state = 'fired', plan = '' WHERE schedule_id = ? AND due = ?",
        (schedule_id, due.stored),
    )
    tx.execute(
        "UPDATE scheduler_schedules SET last_exec_id = ?, last_job_id = ?, last_due = ?"
        " WHERE schedule_id = ?",
        (exec_id, job_id, due.stored, schedule_id),
    )
    note(tx, schedule_id, "fired", reason, due, at, exec_id=exec_id)


def failed(tx: Tx, schedule_id: str, due: Instant, decision: Outcome, reason: str, at: Instant) -> None:
    """A planned fire did not happen, and will not."""
    tx.execute(
        "UPDATE scheduler_fires SET state = 'failed', plan = '', reason = ?"
        " WHERE schedule_id = ? AND due = ? AND state = 'firing'",
        (reason, schedule_id, due.stored),
    )
    note(tx, schedule_id, decision, reason, due, at)


# -- retention ---------------------------------------------------------------------------------

CHUNK = 1_000
OLD_TICKS = (
    "DELETE FROM scheduler_ticks WHERE id IN"
    " (SELECT id FROM scheduler_ticks WHERE decided_at < ? ORDER BY decided_at LIMIT ?)"
)
OLD_FIRES = (
    "DELETE FROM scheduler_fires WHERE (schedule_id, due) IN (SELECT schedule_id, due FROM scheduler_fires"
    " WHERE planned_at < ? AND state <> 'firing' ORDER BY planned_at LIMIT ?)"
)


async def sweep(ctx: Context) -> int:
    """Delete what is older than the settings keep, in batches."""
    before = ctx.clock.now() - ctx.settings.keep_days * 86_400
    total = await _forget_gone(ctx)
    for sql in (OLD_TICKS, OLD_FIRES):
        done = CHUNK
        while done == CHUNK:
            done = await ctx.write(lambda tx, sql=sql: tx.execute(sql, (before.stored, CHUNK)).rowcount)  # type: ignore[misc]
            total += done
    return total


async def _forget_gone(ctx: Context) -> int:
    """What a schedule that was deleted missed is of no interest if it comes back."""
    try:
        await ctx.watch("schedules").synced()
    except KanadeError:
        return 0  # who is gone cannot be told from who has not come yet
    present = {key for key, _ in ctx.watch("schedules").items()}
    rows = await ctx.query("SELECT schedule_id FROM scheduler_schedules WHERE next_due IS NOT NULL")
    gone = [row[0] for row in rows if row[0] not in present]
    for schedule_id in gone:
        await ctx.write(lambda tx, schedule_id=schedule_id: rest(tx, schedule_id))  # type: ignore[misc]
    return len(gone)
