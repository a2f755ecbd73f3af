"""Reads for other plugins: what is open, what waits, what came in lately."""

from __future__ import annotations

import json

from kanade_host.plugin import Context, Instant

DELIVERED_WITHIN_SECONDS = 7 * 86400
"""How long the stream EXEC keeps a command (`contract/wire.md` 3.1)."""

LIVE_COUNTS = (
    "SELECT job_id, status, count(*) FROM executions WHERE status IN ('pending', 'running')"
    " GROUP BY job_id, status"
)
OPEN = (
    "SELECT exec_id FROM executions WHERE job_id = ? AND (status IN ('pending', 'running')"
    " OR (status = 'expired' AND initiated_at >= ? AND EXISTS (SELECT 1 FROM execution_plans AS p"
    " WHERE p.exec_id = executions.exec_id AND p.broadcasts IS NOT NULL)))"
    " ORDER BY initiated_at, rowid"
)
IN_FLIGHT = (
    "SELECT DISTINCT exec_id FROM execution_results WHERE finished_at IS NULL AND job_id = ?"
    " AND exec_id IS NOT NULL ORDER BY exec_id"
)
ALL_OPEN = (
    "SELECT exec_id FROM executions WHERE status IN ('pending', 'running') OR (status = 'expired'"
    " AND initiated_at >= ? AND EXISTS (SELECT 1 FROM execution_plans AS p"
    " WHERE p.exec_id = executions.exec_id AND p.broadcasts IS NOT NULL)) ORDER BY initiated_at, rowid"
)
ALL_IN_FLIGHT = (
    "SELECT DISTINCT exec_id FROM execution_results WHERE finished_at IS NULL AND exec_id IS NOT NULL"
    " ORDER BY exec_id"
)
LONG = (
    "SELECT exec_id FROM execution_plans INDEXED BY execution_plans_waiting"
    " WHERE waiting > 0 AND expires_at >= ?"
    " UNION ALL SELECT exec_id FROM execution_batches INDEXED BY execution_batches_open"
    " WHERE sent_at IS NULL AND stopped IS NULL"
)
"""A fire in batches goes on for longer than the stream keeps a command; each batch moves `expires_at`."""
ALL_UNDELIVERED = (
    "SELECT exec_id, p.waiting FROM execution_plans AS p JOIN executions AS e USING (exec_id)"
    f" WHERE e.exec_id IN (SELECT exec_id FROM executions WHERE initiated_at >= ? UNION ALL {LONG})"
    " AND (p.waiting > 0 OR (p.broadcasts IS NOT NULL AND e.status <> 'completed'))"
    " ORDER BY e.initiated_at, e.rowid"
)
EXISTS = (
    "SELECT EXISTS (SELECT 1 FROM executions WHERE exec_id = ?)"
    " OR EXISTS (SELECT 1 FROM execution_results WHERE exec_id = ?)"
)
UNDELIVERED = (
    "SELECT exec_id, broadcasts FROM execution_plans AS p JOIN executions AS e USING (exec_id)"
    " WHERE e.job_id = ?1 AND e.exec_id IN"
    f" (SELECT exec_id FROM executions WHERE job_id = ?1 AND initiated_at >= ? UNION ALL {LONG})"
    " AND (p.waiting > 0 OR (p.broadcasts IS NOT NULL AND e.status <> 'completed'))"
    " ORDER BY e.initiated_at, e.rowid"
)
WAITING = (
    "SELECT DISTINCT request_id, pc_id FROM execution_targets WHERE exec_id = ? AND state = 'waiting'"
    " AND request_id IS NOT NULL"
)
UNWANTED = "SELECT subject, request_id FROM execution_unwanted ORDER BY since, rowid LIMIT ?"
RECENT = (
    "SELECT (SELECT count(*) FROM execution_results WHERE recorded_at >= ?),"
    " (SELECT count(*) FROM execution_results WHERE exit_code <> 0 AND recorded_at >= ?)"
)


async def live_counts(ctx: Context) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for job_id, status, number in await ctx.query(LIVE_COUNTS):
        running, pending = found.get(job_id, (0, 0))
        found[job_id] = (number, pending) if status == "running" else (running, number)
    return found


async def open_executions(ctx: Context, job_id: str) -> list[str]:
    rows = await ctx.query(OPEN, (job_id, _delivered_since(ctx)))
    rows += await ctx.query(IN_FLIGHT, (job_id,))
    return list(dict.fromkeys(row[0] for row in rows))


async def all_open(ctx: Context) -> list[str]:
    rows = await ctx.query(ALL_OPEN, (_delivered_since(ctx),))
    rows += await ctx.query(ALL_IN_FLIGHT)
    return list(dict.fromkeys(row[0] for row in rows))


async def all_undelivered(ctx: Context) -> list[tuple[str, int]]:
    """Executions with commands that somebody may still get, and how many targets wait."""
    return [(row[0], row[1]) for row in await ctx.query(ALL_UNDELIVERED, _lately(ctx))]


async def exists(ctx: Context, exec_id: str) -> bool:
    return bool((await ctx.query(EXISTS, (exec_id, exec_id)))[0][0])


async def undelivered_executions(ctx: Context, job_id: str) -> list[str]:
    """Executions of a job with commands that somebody may still get."""
    return [row[0] for row in await ctx.query(UNDELIVERED, (job_id, *_lately(ctx)))]


async def waiting(ctx: Context, job_id: str) -> list[tuple[str, str]]:
    pairs: dict[tuple[str, str], None] = {}
    for exec_id, broadcasts in await ctx.query(UNDELIVERED, (job_id, *_lately(ctx))):
        broadcast = broadcasts_of(broadcasts)
        for request_id, pc_id in await ctx.query(WAITING, (exec_id,)):
            pairs[broadcast.get(request_id, f"commands.pc.{pc_id}"), request_id] = None
        for request_id, subject in broadcast.items():
            pairs[subject, request_id] = None
    return list(pairs)


async def unwanted(ctx: Context, limit: int) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in await ctx.query(UNWANTED, (limit,))]


async def recent(ctx: Context, since: Instant) -> tuple[int, int]:
    row = (await ctx.query(RECENT, (since.sql_ceiling, since.sql_ceiling)))[0]
    return row[0], row[1]


def broadcasts_of(stored: str | None) -> dict[str, str]:
    """request_id -> subject, of commands that are not to one PC alone."""
    return {request_id: subject for subject, request_id in json.loads(stored or "[]")}


def _delivered_since(ctx: Context) -> str:
    since: Instant = ctx.clock.now() - DELIVERED_WITHIN_SECONDS
    return since.sql


def _lately(ctx: Context) -> tuple[str, str]:
    return _delivered_since(ctx), ctx.clock.now().stored
