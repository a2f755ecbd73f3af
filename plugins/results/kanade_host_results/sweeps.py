"""What time decides: executions and targets that expire, runs that never end, retention.

`contract/projections.md` 12. Each statement is bounded, so that the writer is held for milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kanade_host.plugin import Context, Instant, Tx, in_parts
from kanade_host_results.forgotten import FORGET, REMEMBERED_DAYS, remember
from kanade_host_results.live import DELIVERED_WITHIN_SECONDS
from kanade_host_results.recent import void
from kanade_host_results.settings import ResultsSettings
from kanade_host_results.targets import Move, move, settle_status
from kanade_host_results.withdrawing import withdraw

PENDING_SECONDS = 3_600
RUNNING_SECONDS = 86_400
NOTE = (
    "[backend: reaped — no ExecResult within 24h; agent likely died mid-run"
    " or hit the pre-v0.43.14 kill-hang (#330)]"
)
CHUNK = 1_000

EXPIRE = (
    "SELECT exec_id FROM executions WHERE status = 'pending' AND initiated_at < ? AND NOT EXISTS (SELECT 1"
    " FROM execution_plans AS p WHERE p.exec_id = executions.exec_id AND p.expected > 0) LIMIT ?"
)
OVERDUE = "SELECT exec_id FROM execution_plans WHERE waiting > 0 AND expires_at < ? LIMIT ?"
STALE = (
    "SELECT result_id, exec_id, pc_id FROM execution_results"
    " WHERE finished_at IS NULL AND (started_at < ? OR recorded_at < ?) LIMIT ?"
)
"""By our clock too: what an agent whose clock is ahead began lies in our future."""
OLD_RESULTS = (
    "SELECT rowid, result_id, exec_id FROM execution_results"
    " WHERE recorded_at < ? AND finished_at IS NOT NULL ORDER BY recorded_at LIMIT ?"
)
OLD_EXECUTIONS = (
    "SELECT exec_id FROM executions WHERE status IN ('completed', 'expired') AND initiated_at < ? LIMIT ?"
)


async def sweep(ctx: Context) -> int:
    """All sweeps, once; how many rows were touched."""
    now = ctx.clock.now()
    settings: ResultsSettings = ctx.settings
    touched = await _repeat(ctx, _expire, now - PENDING_SECONDS)
    touched += await _expire_targets(ctx, now)
    touched += await _reap(ctx, now)
    touched += await _repeat(ctx, _forget_unwanted, now - DELIVERED_WITHIN_SECONDS)
    if settings.keep_results_days is not None:
        before = now - settings.keep_results_days * 86_400
        touched += await in_parts(ctx, lambda tx, most: _delete_results(tx, before, now, most))
    touched += await _repeat(ctx, _forget, now - REMEMBERED_DAYS * 86_400)
    if settings.keep_executions_days is not None:
        touched += await _repeat(ctx, _delete_executions, now - settings.keep_executions_days * 86_400)
    return touched


Step = Callable[[Tx, Instant], int]


async def _repeat(ctx: Context, step: Step, at: Instant) -> int:
    """Run a step in transactions of its own until it does less than a chunk."""
    total = 0
    while True:
        done = await ctx.write(lambda tx: step(tx, at))
        total += done
        if done < CHUNK:
            return total


def _expire(tx: Tx, before: Instant) -> int:
    """Executions for which nothing came within an hour and whose PCs are not known."""
    rows = tx.execute(EXPIRE, (before.sql, CHUNK)).fetchall()
    tx.executemany("UPDATE executions SET status = 'expired' WHERE exec_id = ?", [(row[0],) for row in rows])
    _say(tx, "executions", rows)
    return len(rows)


async def _expire_targets(ctx: Context, now: Instant) -> int:
    """Targets that will not begin any more. Answers how many executions had such."""
    rows = await ctx.query(OVERDUE, (now.stored, CHUNK))
    for row in rows:
        await withdraw(ctx, row[0], "expired", "not delivered in time")
    return len(rows)


async def _reap(ctx: Context, now: Instant) -> int:
    """Close runs that nobody will end. All that run are looked at, so on a reading thread."""
    before = now - RUNNING_SECONDS
    total = 0
    while True:
        rows = await ctx.query(STALE, (before.stored, before.sql, CHUNK))
        total += await ctx.write(lambda tx, rows=rows: _close(tx, rows, now))  # type: ignore[misc]
        if len(rows) < CHUNK:
            return total


def _close(tx: Tx, rows: Sequence[Any], now: Instant) -> int:
    """Counters are left alone; a late result replaces the row, and one that came meanwhile stays."""
    closed = [
        row
        for row in rows
        if tx.execute(
            "UPDATE execution_results SET finished_at = ?, exit_code = -1, reaped = 1, stderr = CASE stderr"
            " WHEN '' THEN ? ELSE stderr || char(10) || ? END WHERE result_id = ? AND finished_at IS NULL",
            (now.stored, NOTE, NOTE, row[0]),
        ).rowcount
    ]
    moves = {
        (row[1], row[2]): Move("failed", now, row[0], "no result within 24 h") for row in closed if row[1]
    }
    if move(tx, moves, only_from=frozenset(["waiting", "running"])):
        execs = {exec_id for exec_id, _ in moves}
        settle_status(tx, execs)
        tx.changed("executions", *execs)
    if closed:
        tx.changed("results")
    return len(closed)


def _forget_unwanted(tx: Tx, before: Instant) -> int:
    """Commands that the stream has dropped by itself."""
    return tx.execute(
        "DELETE FROM execution_unwanted WHERE request_id IN"
        " (SELECT request_id FROM execution_unwanted WHERE since < ? LIMIT ?)",
        (before.stored, CHUNK),
    ).rowcount


def _delete_results(tx: Tx, before: Instant, now: Instant, most: int) -> int:
    rows = tx.execute(OLD_RESULTS, (before.sql, most)).fetchall()
    tx.executemany("DELETE FROM execution_results WHERE rowid = ?", [(row[0],) for row in rows])
    tx.executemany("DELETE FROM result_objects WHERE result_id = ?", [(row[1],) for row in rows])
    remember(tx, [(row[1], row[2]) for row in rows], now)
    if rows:
        void(tx)
        tx.changed("results")
    return len(rows)


def _forget(tx: Tx, before: Instant) -> int:
    """Deleted results that no stream gives again."""
    return tx.execute(FORGET, (before.stored, CHUNK)).rowcount


def _delete_executions(tx: Tx, before: Instant) -> int:
    """Whole executions; fewer at a time, since each has its targets."""
    rows = tx.execute(OLD_EXECUTIONS, (before.sql, CHUNK)).fetchall()
    targets = 0
    for done, row in enumerate(rows, start=1):
        targets += tx.execute("DELETE FROM execution_targets WHERE exec_id = ?", (row[0],)).rowcount
        tx.execute("DELETE FROM execution_plans WHERE exec_id = ?", (row[0],))
        tx.execute("DELETE FROM execution_batches WHERE exec_id = ?", (row[0],))
        tx.execute("DELETE FROM executions WHERE exec_id = ?", (row[0],))
        if targets > 20 * CHUNK:
            _say(tx, "executions", rows[:done])
            return CHUNK  # there is more
    _say(tx, "executions", rows)
    return len(rows)


def _say(tx: Tx, topic: str, rows: Sequence[Any]) -> None:
    if rows:
        tx.changed(topic, *(row[0] for row in rows))
