"""Executions as answers: lists, one of them, its targets page by page."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kanade_host.plugin import Context, Instant
from kanade_host_results.answers import (
    Execution,
    ExecutionDetail,
    ExecutionResult,
    ExecutionsPage,
    ExecutionTarget,
    TargetStates,
    wire,
)
from kanade_host_results.outcome import STATES
from kanade_host_results.places import place_text

_FIELDS = (
    "SELECT e.exec_id, e.job_id, e.version, e.initiated_by, e.initiated_at, e.target_count, e.success_count,"
    f" e.failure_count, e.status, p.expected, {', '.join(f'p.{state}' for state in STATES)},"
    " p.rerun_of FROM executions AS e LEFT JOIN execution_plans AS p ON p.exec_id = e.exec_id"
)
_PLACED = _FIELDS.replace(" FROM ", ", e.initiated_at AS placed, e.rowid AS number FROM ", 1)
_MANY = 2_000
RESULTS = (
    "SELECT result_id, request_id, pc_id, exit_code, started_at, finished_at FROM execution_results"
    " WHERE exec_id = ? ORDER BY recorded_at DESC, rowid"
)
TARGETS = (
    "SELECT pc_id, state, request_id, result_id, reason, changed_at FROM execution_targets"
    " WHERE exec_id = ? AND pc_id > ? ORDER BY pc_id LIMIT ?"
)
RERUNS = (
    "SELECT p.exec_id FROM execution_plans AS p JOIN executions AS e ON e.exec_id = p.exec_id"
    " WHERE p.rerun_of = ? ORDER BY e.initiated_at, e.rowid LIMIT 1000"
)
ONE = f"{_FIELDS} WHERE e.exec_id = ?"


def listing(job_id: str | None, status: str | None, limit: int) -> tuple[str, list[Any]]:
    """The statement for the given filters alone, so that it can seek; newest first."""
    conditions, values = [], []
    if job_id:
        conditions.append("e.job_id = ?")
        values.append(job_id)
    if status:
        conditions.append("e.status = ?")
        values.append(status)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"{_FIELDS}{where} ORDER BY e.initiated_at DESC, e.rowid DESC LIMIT ?", [*values, limit]


async def executions(ctx: Context, job_id: str | None, status: str | None, limit: int) -> list[Execution]:
    return [_execution(row) for row in await ctx.query(*listing(job_id, status, limit))]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which executions. `text`: the job's id holds it, or the execution's begins with it."""

    text: str | None
    job_id: str | None
    status: str | None
    by: str | None
    since: Instant | None

    def where(self) -> tuple[list[str], list[object]]:
        """Conditions to be joined by AND, and their values."""
        found: list[str] = []
        values: list[object] = []
        for column, value in (("job_id", self.job_id), ("status", self.status), ("initiated_by", self.by)):
            if value:
                found.append(f"e.{column} = ?")
                values.append(value)
        if self.text:
            found.append("(instr(e.job_id, ?) OR substr(e.exec_id, 1, ?) = ?)")
            values += [self.text, len(self.text), self.text]
        if self.since is not None:
            found.append("e.initiated_at >= ?")
            values.append(self.since.sql_ceiling)
        return found, values


def page_of(wanted: Wanted, after: tuple[str, int] | None, limit: int) -> tuple[str, list[object]]:
    """The statement of a page; its rows have two columns more, where they stand."""
    found, values = wanted.where()
    if after is not None:
        found.append("(e.initiated_at, e.rowid) < (?, ?)")
        values += after
    where = f" WHERE {' AND '.join(found)}" if found else ""
    return f"{_PLACED}{where} ORDER BY e.initiated_at DESC, e.rowid DESC LIMIT ?", [*values, limit]


async def page(
    ctx: Context, wanted: Wanted, after: tuple[str, int] | None, limit: int, counted: int
) -> ExecutionsPage:
    """A page, and how many there are, counted to `counted`."""
    rows = await ctx.query(*page_of(wanted, after, limit + 1))
    found, values = wanted.where()
    where = f" WHERE {' AND '.join(found)}" if found else ""
    sql = f"SELECT count(*) FROM (SELECT 1 FROM executions AS e{where} LIMIT ?)"
    total = int((await ctx.query(sql, [*values, counted + 1]))[0][0])
    listed = rows[:limit]
    last = (listed[-1]["placed"], listed[-1]["number"]) if len(rows) > limit and listed else None
    return ExecutionsPage(
        items=[_execution(row) for row in listed],
        total=min(total, counted),
        more_than=total > counted,
        after=None if last is None else place_text(last),
    )


async def execution(ctx: Context, exec_id: str, *, after: str, limit: int) -> ExecutionDetail | None:
    """None: there is no such execution."""
    found = await ctx.query(ONE, (exec_id,))
    if not found:
        return None
    runs = await ctx.query(RESULTS, (exec_id,))
    # There is no limit to them (contract), and a hundred thousand would hold the loop for long.
    results = await asyncio.to_thread(_results, runs) if len(runs) > _MANY else _results(runs)
    rows = await ctx.query(TARGETS, (exec_id, after, limit + 1))
    targets = [ExecutionTarget(row[0], row[1], row[2], row[3], row[4], wire(row[5])) for row in rows[:limit]]
    following = targets[-1].pc_id if len(rows) > limit and targets else None
    reruns = [row[0] for row in await ctx.query(RERUNS, (exec_id,))]
    return ExecutionDetail(_execution(found[0]), results, targets, following, reruns)


def _results(rows: Sequence[sqlite3.Row]) -> list[ExecutionResult]:
    return [ExecutionResult(row[0], row[1], row[2], row[3], wire(row[4]), wire(row[5])) for row in rows]


def _execution(row: sqlite3.Row) -> Execution:
    expected = row["expected"]
    return Execution(
        exec_id=row[0],
        job_id=row[1],
        version=row[2],
        initiated_by=row[3],
        initiated_at=wire(row[4]),
        target_count=row[5],
        success_count=row[6],
        failure_count=row[7],
        status=row[8],
        expected=expected,
        states=None if expected is None else TargetStates(*(row[state] for state in STATES)),
        rerun_of=row["rerun_of"],
    )
