"""Record and promise an execution in one transaction (`contract/http-jobs.md` 2.4, 2.6).

The row stands before anything goes out, so that no result finds nothing to count in. Results that come
in spite of it before the row (an exec made by other hands) are counted when the row is made (R14).
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from kanade_host.plugin import Context, Instant, Tx, audit
from kanade_host_results import counters
from kanade_host_results.api import Command, Fire
from kanade_host_results.batches import batch_numbers, expiry, record_batches
from kanade_host_results.digests import digest
from kanade_host_results.outcome import outcome
from kanade_host_results.staging import Release, Target, insert_targets, is_large, stage
from kanade_host_results.targets import Move, count, move
from kanade_host_results.withdrawing import withdraw_some


async def fire(ctx: Context, fire: Fire, release: Release) -> None:
    """All of it or nothing; large ones in several transactions, of which the last one decides."""
    at = ctx.clock.now()
    targets = _targets(fire)
    if not fire.batches and not is_large(fire):
        await ctx.write(lambda tx: _record(tx, fire, at, targets, release, staged=False))
        return
    with release.holding(fire.exec_id):
        if await ctx.query("SELECT 1 FROM executions WHERE exec_id = ?", (fire.exec_id,)):
            return
        await stage(ctx, fire, targets, batch_numbers(fire), at)
        await ctx.write(lambda tx: _record(tx, fire, at, targets, release, staged=True))


def _targets(fire: Fire) -> list[Target]:
    """Each expected PC once, with the first command that reaches it; none where nothing goes out."""
    if not fire.commands:
        return []
    numbers = batch_numbers(fire)
    reached: dict[str, tuple[str, int | None]] = {}
    for command, number in zip(fire.commands, numbers, strict=True):
        for pc_id in command.pc_ids:
            reached.setdefault(pc_id, (command.request_id, number))
    return [(pc_id, *reached.get(pc_id, (None, None))) for pc_id in sorted(set(fire.expected))]


def _record(
    tx: Tx, fire: Fire, at: Instant, targets: Sequence[Target], release: Release, *, staged: bool
) -> None:
    made = tx.execute(
        "INSERT INTO executions (exec_id, job_id, version, initiated_by, initiated_at, target_count, status)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (exec_id) DO NOTHING",
        (
            fire.exec_id,
            fire.job_id,
            fire.version,
            fire.initiated_by,
            at.sql,
            fire.target_count,
            "pending" if fire.commands else "completed",
        ),
    )
    if made.rowcount == 0:
        return
    _plan(tx, fire, at, len(targets))
    if not staged:
        insert_targets(tx, fire.exec_id, targets, at)
        for command in fire.commands:
            tx.send(command.subject, command.body, id=f"command-{command.request_id}")
    else:
        record_batches(tx, fire, targets, at)
        tx.after_commit(release.wake)
    _count_earlier(tx, fire.exec_id)
    if fire.supersedes is not None:
        _supersede(tx, fire.supersedes, fire.exec_id, at, release)
    audit(
        tx,
        at,
        "exec",
        fire.job_id,
        fire.audit,
        actor=fire.initiated_by,
        caller=fire.caller,
        id=f"exec-{fire.exec_id}",
    )
    tx.changed("executions", fire.exec_id)


def _plan(tx: Tx, fire: Fire, at: Instant, expected: int) -> None:
    broadcasts = [
        (command.subject, command.request_id) for command in fire.commands if not _is_for_one(command)
    ]
    tx.execute(
        "INSERT INTO execution_plans (exec_id, expected, broadcasts, expires_at, rerun_of, pause_secs,"
        " stop_count, stop_percent, deadline_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            fire.exec_id,
            expected,
            json.dumps(broadcasts) if broadcasts else None,
            _expires_at(fire, at).stored,
            fire.rerun_of,
            fire.pause_secs,
            fire.stop_at.count,
            fire.stop_at.percent,
            None if fire.deadline_at is None else fire.deadline_at.stored,
        ),
    )
    count(tx, fire.exec_id, (), ["waiting"] * expected)


def _is_for_one(command: Command) -> bool:
    return len(command.pc_ids) == 1 and command.subject == f"commands.pc.{command.pc_ids[0]}"


def _expires_at(fire: Fire, at: Instant) -> Instant:
    """When a target that has not begun will not begin any more; each batch that goes moves it on."""
    last = max((batch.due for batch in fire.batches if batch.due is not None), default=at)
    return expiry(max(last, at + (fire.pause_secs or 0)), fire.deadline_at)


def _count_earlier(tx: Tx, exec_id: str) -> None:
    tally: counters.Tally = {}
    moves: dict[tuple[str, str], Move] = {}
    begun: dict[tuple[str, str], Move] = {}
    rows = tx.execute(
        "SELECT result_id, pc_id, exit_code, stdout, stderr, started_at, finished_at, reaped"
        " FROM execution_results"
        " WHERE exec_id = ? ORDER BY rowid",
        (exec_id,),
    )
    for result_id, pc_id, exit_code, stdout, stderr, started_at, finished_at, reaped in rows.fetchall():
        at = Instant.from_stored(finished_at or started_at) or Instant.from_ns(0)
        if finished_at is None:
            begun[exec_id, pc_id] = Move("running", at, result_id)
        elif not reaped and exit_code is not None:
            counters.add(tally, exec_id, exit_code)
            state, reason = outcome(exit_code, stderr)
            output = digest(exit_code, stdout, stderr)
            moves[exec_id, pc_id] = Move(state, at, result_id, reason, exit_code, output)
    if begun:
        move(tx, begun)
    if tally:
        counters.apply_tally(tx, tally, lambda _: moves)


def _supersede(tx: Tx, earlier: str, later: str, at: Instant, release: Release) -> None:
    """Take back what nobody has received; what is more than one transaction holds is taken back later."""
    tx.execute("UPDATE execution_plans SET superseded_by = ? WHERE exec_id = ?", (later, earlier))
    taken = withdraw_some(tx, earlier, "superseded", f"superseded by {later}", at)
    if taken.more:
        tx.after_commit(release.wake)
