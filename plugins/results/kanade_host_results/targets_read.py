"""The targets of executions as answers: pages, totals, and those that never answered."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import msgspec

from kanade_host.plugin import Context, Instant
from kanade_host_results import agents
from kanade_host_results.answers import Target, Targets, TargetStates, Unanswered, UnansweredTarget, wire
from kanade_host_results.outcome import STATES
from kanade_host_results.target_filter import Where

EXPORT_PAGE = 2_000
EXPORT_AT_MOST = 100_000
SKIPS = {124: "version_pin", 125: "deadline", 126: "revoked", 127: "staleness"}
"""Why an agent did not run the command, by the exit code that it reports (`contract/wire.md` 7.2.1)."""
NEVER = "(t.state IN ('waiting', 'running', 'expired') OR (t.state = 'failed' AND t.exit_code IS NULL))"
"""No result has come: not yet, not in time, or not within a day of its start."""

_TARGET = (
    "t.pc_id, t.state, t.reason, t.exit_code, t.request_id, t.result_id, t.output, t.changed_at,"
    " r.started_at, r.finished_at, t.batch"
)
_RESULT = "LEFT JOIN execution_results AS r ON r.result_id = t.result_id"
PAGE = (
    f"SELECT {_TARGET} FROM execution_targets AS t {_RESULT}"
    " WHERE t.exec_id = ? AND t.pc_id > ?{} ORDER BY t.pc_id LIMIT ?"
)
COUNT = "SELECT count(*) FROM execution_targets AS t WHERE t.exec_id = ?{}"
PLAN = (
    f"SELECT p.expected, {', '.join(f'p.{state}' for state in STATES)} FROM executions AS e"
    " LEFT JOIN execution_plans AS p ON p.exec_id = e.exec_id WHERE e.exec_id = ?"
)
# CROSS JOIN keeps the order of the loops, and with it the order of the answer without a sort.
_OPEN = (
    " FROM executions AS e CROSS JOIN execution_plans AS p ON p.exec_id = e.exec_id"
    " AND p.waiting + p.running + p.expired + p.failed > 0"
    f" CROSS JOIN execution_targets AS t ON t.exec_id = e.exec_id AND {NEVER}"
)
UNANSWERED = (
    f"SELECT {_TARGET}, e.exec_id, e.job_id, e.version, e.initiated_at, e.rowid AS number{_OPEN} {_RESULT}"
    " WHERE 1{} ORDER BY e.initiated_at DESC, e.rowid DESC, t.pc_id LIMIT ?"
)
UNANSWERED_COUNT = f"SELECT count(*) FROM (SELECT 1{_OPEN} WHERE 1{{}} LIMIT ?)"
UNANSWERED_PCS = (
    f"SELECT t.pc_id, count(*) AS times, max(e.initiated_at) AS newest{_OPEN} WHERE 1{{}}"
    " GROUP BY t.pc_id ORDER BY times DESC, t.pc_id LIMIT ?"
)
TARGET_COLUMNS = Target.__struct_fields__
UNANSWERED_COLUMNS = UnansweredTarget.__struct_fields__


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of unanswered targets ended: execution by time and row number, and the PC."""

    initiated_at: str
    number: int
    pc_id: str

    def after(self, where: Where) -> Where:
        """The same filter, beyond this place."""
        found = Where(list(where.conditions), list(where.values))
        found.add(
            "(e.initiated_at, e.rowid) <= (?, ?) AND NOT (e.rowid = ? AND t.pc_id <= ?)",
            *(self.initiated_at, self.number, self.number, self.pc_id),
        )
        return found


async def page(ctx: Context, exec_id: str, where: Where, *, after: str, limit: int) -> Targets | None:
    """A page of one execution's targets, with totals. None: there is no such execution."""
    plan = await ctx.query(PLAN, (exec_id,))
    if not plan:
        return None
    online = await agents.online(ctx)
    found = await _targets(ctx, exec_id, where, online, after, limit + 1)
    total = (await ctx.query(COUNT.format(where.sql), (exec_id, *where.values)))[0][0]
    more = len(found) > limit
    listed = found[:limit]
    known = plan[0][0] is not None
    return Targets(
        expected=plan[0][0],
        states=TargetStates(*plan[0][1:]) if known else None,
        total=total,
        targets=listed,
        after=listed[-1].pc_id if more and listed else None,
    )


async def rows(ctx: Context, exec_id: str, where: Where) -> AsyncIterator[list[tuple[object, ...]]]:
    """All of them, for an export; the memory is that of one page."""
    online = await agents.online(ctx)
    after = ""
    while True:
        found = await _targets(ctx, exec_id, where, online, after, EXPORT_PAGE)
        yield [msgspec.structs.astuple(one) for one in found]
        if len(found) < EXPORT_PAGE:
            return
        after = found[-1].pc_id


async def _targets(
    ctx: Context, exec_id: str, where: Where, online: set[str] | None, after: str, limit: int
) -> list[Target]:
    found = await ctx.query(PAGE.format(where.sql), (exec_id, after, *where.values, limit))
    names = await agents.hostnames(ctx, [row[0] for row in found])
    return [_target(row, names, online) for row in found]


def _target(row: sqlite3.Row, names: dict[str, str | None], online: set[str] | None) -> Target:
    pc_id, state, exit_code = row[0], row[1], row[3]
    return Target(
        pc_id=pc_id,
        hostname=names.get(pc_id),
        online=None if online is None else pc_id in online,
        state=state,
        reason=row[2],
        skip=SKIPS.get(exit_code) if state == "skipped" else None,
        exit_code=exit_code,
        batch=row[10],
        request_id=row[4],
        result_id=row[5],
        output=None if row[6] is None else bytes(row[6]).hex(),
        changed_at=wire(row[7]),
        started_at=wire(row[8]),
        finished_at=wire(row[9]),
    )


# -- over all executions -----------------------------------------------------------------------


async def unanswered(
    ctx: Context, where: Where, place: Place | None, limit: int
) -> tuple[list[UnansweredTarget], Place | None]:
    """Newest execution first, then by PC; and where the page ended, None at the end of all."""
    beyond = where if place is None else place.after(where)
    found = await ctx.query(UNANSWERED.format(beyond.sql), (*beyond.values, limit + 1))
    listed = await _unanswered(ctx, found[:limit])
    if len(found) <= limit or not listed:
        return listed, None
    last = found[limit - 1]
    return listed, Place(last["initiated_at"], last["number"], last["pc_id"])


async def unanswered_rows(ctx: Context, where: Where) -> AsyncIterator[list[tuple[object, ...]]]:
    """For an export, at most `EXPORT_AT_MOST`."""
    place: Place | None = None
    left = EXPORT_AT_MOST
    while left:
        listed, place = await unanswered(ctx, where, place, min(EXPORT_PAGE, left))
        yield [msgspec.structs.astuple(one) for one in listed]
        left -= len(listed)
        if place is None:
            return


async def unanswered_count(ctx: Context, where: Where, most: int) -> int:
    """How many, counted to `most` at most."""
    rows = await ctx.query(UNANSWERED_COUNT.format(where.sql), (*where.values, most))
    return int(rows[0][0])


async def unanswered_pcs(ctx: Context, where: Where, limit: int) -> list[Unanswered]:
    """The PCs that owe most answers first."""
    found = await ctx.query(UNANSWERED_PCS.format(where.sql), (*where.values, limit))
    names = await agents.hostnames(ctx, [row[0] for row in found])
    online = await agents.online(ctx)
    return [
        Unanswered(
            pc_id=row[0],
            hostname=names.get(row[0]),
            online=None if online is None else row[0] in online,
            executions=row[1],
            newest_at=wire(row[2]),
        )
        for row in found
    ]


async def _unanswered(ctx: Context, found: Sequence[sqlite3.Row]) -> list[UnansweredTarget]:
    names = await agents.hostnames(ctx, list(dict.fromkeys(row[0] for row in found)))
    online = await agents.online(ctx)
    listed = []
    for row in found:
        target = _target(row, names, online)
        listed.append(
            UnansweredTarget(
                exec_id=row["exec_id"],
                job_id=row["job_id"],
                version=row["version"],
                initiated_at=wire(row["initiated_at"]),
                pc_id=target.pc_id,
                hostname=target.hostname,
                online=target.online,
                state=target.state,
                reason=target.reason,
                changed_at=target.changed_at,
                started_at=target.started_at,
            )
        )
    return listed


def since_until(where: Where, since: Instant | None, until: Instant | None) -> None:
    """Of executions that were fired at `since` or later, and before `until`."""
    if since is not None:
        where.add("e.initiated_at >= ?", since.sql_ceiling)
    if until is not None:
        where.add("e.initiated_at < ?", until.sql_ceiling)
