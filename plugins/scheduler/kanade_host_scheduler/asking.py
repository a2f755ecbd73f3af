"""Schedules over HTTP, beyond kanade-backend: what comes next, what came of it, and running one now."""

from __future__ import annotations

import asyncio
import uuid
from typing import Annotated

import msgspec
from kanade_host_jobs.api import Catalog, FireAnswer, Withheld

from kanade_host.plugin import HttpError, Instant, Request, Response, Tx, encode
from kanade_host_scheduler import ledger
from kanade_host_scheduler.cron import BadCron
from kanade_host_scheduler.ledger import TickRow, row_of
from kanade_host_scheduler.schedule import Rhythm
from kanade_host_scheduler.ticks import JOBS, TickEnds
from kanade_host_scheduler.words import Words, words_of
from kanade_host_scheduler.work import work_of
from kanade_host_scheduler.zones import BadZone

MOST = 1_000
Count = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1, description="At most 1000 are given.")]


class Ticking(msgspec.Struct, frozen=True, kw_only=True):
    """What an expression means: `next` are moments in UTC, `error` says why it was not accepted."""

    accepted: bool
    next: list[Instant]
    words: Words | None
    error: str | None


class Preview(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Any expression. `from`: ticks strictly after that moment, default now; `count`: default 10."""

    cron: str
    from_: Instant | None = msgspec.field(name="from", default=None)
    count: Count = 10
    time_zone: str | None = None


async def preview(request: Request) -> Ticking:
    """POST /api/schedules/preview: saves nothing."""
    body: Preview = request.body
    return await _ticking(body.cron, body.time_zone, body.from_ or request.ctx.clock.now(), body.count)


class NextQuery(msgspec.Struct, frozen=True):
    """How many ticks."""

    count: Count = 10


class NextTicks(Ticking, frozen=True, kw_only=True):
    """When a schedule ticks. A disabled one is answered as if it were enabled."""

    id: str
    cron: str
    time_zone: str | None
    enabled: bool
    runs_on: str


async def next_ticks(request: Request) -> NextTicks:
    """GET /api/schedules/{id}/next."""
    schedule = await work_of(request.ctx).store.get(request.path["id"])
    found = await _ticking(schedule.cron, schedule.time_zone, request.ctx.clock.now(), request.query.count)
    return NextTicks(
        id=schedule.id,
        cron=schedule.cron,
        time_zone=schedule.time_zone,
        enabled=schedule.enabled,
        runs_on=schedule.runs_on,
        accepted=found.accepted,
        next=found.next,
        words=found.words,
        error=found.error,
    )


async def _ticking(cron: str, time_zone: str | None, start: Instant, count: int) -> Ticking:
    try:
        rhythm = Rhythm.read(cron, time_zone)
    except (BadCron, BadZone) as error:
        return Ticking(accepted=False, next=[], words=None, error=str(error))
    found = await asyncio.to_thread(rhythm.next, start, min(count, MOST))
    return Ticking(accepted=True, next=found, words=words_of(rhythm.cron, time_zone), error=None)


class TicksQuery(msgspec.Struct, frozen=True):
    """`before`: only rows with a smaller id, to page back."""

    decision: ledger.Outcome | None = None
    before: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None
    limit: Count = 100


async def ticks_of_schedule(request: Request) -> list[TickRow]:
    """GET /api/schedules/{id}/ticks: newest first; also of a schedule that is gone."""
    query: TicksQuery = request.query
    before, limit = _page(query)
    sql, head = ledger.TICKS_OF, (request.path["id"],)
    if query.decision is not None:
        sql = sql.replace("AND id", "AND decision = ? AND id", 1)
        rows = await request.ctx.query(sql, (*head, query.decision, before, limit))
    else:
        rows = await request.ctx.query(sql, (*head, before, limit))
    return [row_of(row) for row in rows]


async def all_ticks(request: Request) -> list[TickRow]:
    """GET /api/schedule-ticks: of all schedules; `?decision=missed` lists what was missed."""
    query: TicksQuery = request.query
    before, limit = _page(query)
    if query.decision is None:
        rows = await request.ctx.query(ledger.TICKS, (before, limit))
    else:
        rows = await request.ctx.query(ledger.TICKS_OF_KIND, (query.decision, before, limit))
    return [row_of(row) for row in rows]


def _page(query: TicksQuery) -> tuple[int, int]:
    return (2**63 - 1 if query.before is None else query.before), min(query.limit, MOST)


class State(msgspec.Struct, frozen=True, kw_only=True):
    """How a schedule stands. `next_due` null: it does not tick here. `problem`: why its entry is unusable."""

    schedule_id: str
    next_due: Instant | None
    problem: str | None
    problem_at: Instant | None
    last_exec_id: str | None
    last_decision: str | None
    last_reason: str | None
    last_due: Instant | None
    decided_at: Instant | None


class StatesQuery(msgspec.Struct, frozen=True):
    """How many."""

    limit: Count = MOST


async def states(request: Request) -> list[State]:
    """GET /api/schedule-states, by id."""
    found = []
    for row in await request.ctx.query(ledger.STATES, (min(request.query.limit, MOST),)):
        next_due, problem_at, last_due, decided_at = (
            None if row[name] is None else Instant(row[name])
            for name in ("next_due", "problem_at", "last_due", "decided_at")
        )
        found.append(
            State(
                schedule_id=row["schedule_id"],
                next_due=next_due,
                problem=row["problem"],
                problem_at=problem_at,
                last_exec_id=row["last_exec_id"],
                last_decision=row["decision"],
                last_reason=row["reason"],
                last_due=last_due,
                decided_at=decided_at,
            )
        )
    return found


async def run_now(request: Request) -> FireAnswer | Response:
    """POST /api/schedules/{id}/run: fire the stored plan once, whatever cron, mode and `enabled` say."""
    work = work_of(request.ctx)
    schedule = await work.store.get(request.path["id"])
    try:
        deadline = work.ticks.deadline(schedule)
    except TickEnds as error:
        raise HttpError(400, str(error)) from None
    catalog: Catalog = request.ctx.service(JOBS)
    exec_id = str(uuid.uuid4())
    try:
        answer = await catalog.fire(
            schedule.job_id,
            msgspec.structs.replace(schedule.plan, deadline_at=deadline),
            actor="operator",
            caller=request.caller,
            exec_id=exec_id,
            noted={"schedule_id": schedule.id},
        )
    except Withheld as error:
        if error.answer is None:
            raise
        return Response.json(encode(error.answer), 202)
    at = request.ctx.clock.now()

    def write(tx: Tx) -> None:
        ledger.note(tx, schedule.id, "run", "run by an operator", at, at, exec_id=exec_id)

    await request.ctx.write(write)
    return answer
