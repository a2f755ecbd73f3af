"""HTTP: results and executions page by page, beyond kanade-backend, whose lists end at a limit."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

import msgspec

from kanade_host.plugin import (
    I64,
    U32,
    HttpError,
    Instant,
    KanadeError,
    Permission,
    Request,
    Response,
    Route,
    export_format,
    exported,
)
from kanade_host.plugin.patterns import pattern
from kanade_host_results import executions_read, results_read
from kanade_host_results.answers import ExecutionsPage, Result, ResultsPage
from kanade_host_results.places import place_text, placed
from kanade_host_results.results_read import Place
from kanade_host_results.scan import COLUMNS, Found, Scan

MOST = 1_000
COUNTED = 10_000
EXPORT_AT_MOST = 100_000
_FAILURES = (KanadeError, sqlite3.Error)
Limit = Annotated[U32, msgspec.Meta(description=f"At most {MOST} are given.")]


class _ResultsFilter(msgspec.Struct, frozen=True, kw_only=True):
    """`status`: success, failure or running · `pc`, `run`: exactly that PC, or run id · the last five are
    patterns, and empty ones are none.
    """

    status: str | None = None
    pc: str | None = None
    run: str | None = None
    since: Instant | None = None
    pc_id: str | None = None
    job_id: str | None = None
    exec_id: str | None = None
    stdout: str | None = None
    stderr: str | None = None


class ActivityQuery(_ResultsFilter, frozen=True, kw_only=True):
    """`after`: as the page before said."""

    after: str = ""
    limit: Limit = 100


class ActivityExportQuery(_ResultsFilter, frozen=True, kw_only=True):
    """The same filter, without pages."""

    format: str | None = None


class ExecutionsPageQuery(msgspec.Struct, frozen=True):
    """`q`: the job's id holds this text, or the execution's begins with it · `by`: who fired."""

    q: str | None = None
    job_id: str | None = None
    status: str | None = None
    by: str | None = None
    since: Instant | None = None
    after: str = ""
    limit: Limit = 100


async def list_activity(request: Request) -> ResultsPage:
    """GET /api/activity/results."""
    query: ActivityQuery = request.query
    after = placed(query.after, tuple[str, I64])
    found = await _found(request, query, Place(*after) if after else None, min(query.limit, MOST))
    items = await results_read.by_number(request.ctx, found.numbers, request.ctx.settings.list_output)
    plain = not any(getattr(query, name) for name in ("pc", "run", *COLUMNS))
    total = await _counted(request, query) if plain else None
    place = found.place
    return ResultsPage(
        items=items,
        total=None if total is None else min(total, COUNTED),
        more_than=total is not None and total > COUNTED,
        complete=found.complete,
        after=None if place is None else place_text((place.recorded_at, place.rowid)),
    )


async def _found(request: Request, query: _ResultsFilter, after: Place | None, limit: int) -> Found:
    """Row numbers of a page; `place` where the next one begins, None at the end."""
    if query.status not in (None, "", *results_read.STATUS):
        raise HttpError(400, 'status: expected "success", "failure" or "running"')
    status = query.status or None
    patterns = {name: one for name in COLUMNS if (one := pattern(getattr(query, name))) is not None}
    if limit == 0:
        return Found([])
    try:
        if patterns or query.pc or query.run:
            scan = Scan(
                request.ctx, status, query.since, patterns, after, query.pc or None, query.run or None
            )
            found = await scan.run(limit)
        else:
            sql, values = results_read.listing(status, query.since, limit, after)
            found = Found([row[0] for row in await request.ctx.query(sql, values)])
        if found.complete and len(found.numbers) == limit:
            return Found(found.numbers, True, await results_read.place_of(request.ctx, found.numbers[-1]))
    except _FAILURES as error:
        request.ctx.log.warning("results cannot be listed", error=str(error))
        raise HttpError(500, "list results failed") from error
    return found


async def _counted(request: Request, query: _ResultsFilter) -> int:
    return await results_read.counted(request.ctx, query.status or None, query.since, COUNTED + 1)


async def export_activity(request: Request) -> Response:
    """GET /api/activity/results/export: exactly what is filtered."""
    kind = export_format(request.query.format)
    first = await _found(request, request.query, None, MOST)  # what is wrong is said before anything is sent
    return exported("results", kind, Result.__struct_fields__, _chunks(request, first))


async def _chunks(request: Request, found: Found) -> AsyncIterator[list[tuple[object, ...]]]:
    characters: int = request.ctx.settings.list_output
    given = 0
    while True:
        rows = await results_read.by_number(request.ctx, found.numbers, characters)
        yield [msgspec.structs.astuple(row) for row in rows]
        given += len(rows)
        if found.place is None or given >= EXPORT_AT_MOST:
            return
        found = await _found(request, request.query, found.place, MOST)


async def list_executions_page(request: Request) -> ExecutionsPage:
    """GET /api/activity/executions."""
    query: ExecutionsPageQuery = request.query
    after = placed(query.after, tuple[str, I64])
    try:
        return await executions_read.page(
            request.ctx,
            executions_read.Wanted(query.q, query.job_id, query.status, query.by, query.since),
            after,
            min(query.limit, MOST),
            COUNTED,
        )
    except _FAILURES as error:
        request.ctx.log.warning("executions cannot be listed", error=str(error))
        raise HttpError(500, "list executions failed") from error


def activity_routes(read: Permission) -> Sequence[Route]:
    """What the web interface lists."""
    return [
        Route(
            "GET",
            "/api/activity/results",
            list_activity,
            read,
            "Results by filter, page by page, the newest first",
            query=ActivityQuery,
            response=ResultsPage,
            fresh=("results",),
            errors={400: "invalid regex `…`: …, or an unknown status", 500: "list results failed"},
            tags=("results",),
        ),
        Route(
            "GET",
            "/api/activity/results/export",
            export_activity,
            read,
            f"The filtered results as a file, csv or json, {EXPORT_AT_MOST} rows at most",
            query=ActivityExportQuery,
            errors={400: "invalid regex `…`: …, or an unknown format", 500: "list results failed"},
            tags=("results",),
        ),
        Route(
            "GET",
            "/api/activity/executions",
            list_executions_page,
            read,
            "Executions by filter, page by page, the newest first",
            query=ExecutionsPageQuery,
            response=ExecutionsPage,
            fresh=("executions",),
            errors={400: "`after` is none", 500: "list executions failed"},
            tags=("executions",),
        ),
    ]
