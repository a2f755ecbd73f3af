"""HTTP: results and executions (`contract/http-jobs.md` 3, 4)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from enum import Enum

import msgspec

from kanade_host.plugin import (
    U32,
    HttpError,
    Instant,
    KanadeError,
    Permission,
    Request,
    Response,
    Role,
    Route,
)
from kanade_host.plugin.patterns import pattern
from kanade_host_results import executions_read, results_read
from kanade_host_results.activity_routes import activity_routes
from kanade_host_results.answers import Execution, ExecutionDetail, Result, ResultDetail
from kanade_host_results.durations import JobDurations, durations
from kanade_host_results.output import get_output
from kanade_host_results.scan import COLUMNS, Scan
from kanade_host_results.target_routes import target_routes

READ = Permission("results.read", Role.VIEWER)
MOST = 10_000
"""Rows of one answer; upstream has no bound, no client asks for more."""
_FAILURES = (KanadeError, sqlite3.Error)


class ResultStatus(Enum):
    """Of one run; an enumeration, because a refusal names the words in this order."""

    SUCCESS = "success"
    FAILURE = "failure"
    RUNNING = "running"


class ResultsQuery(msgspec.Struct, frozen=True):
    """Filters of `GET /api/results`; the last five are patterns, and empty ones are none."""

    limit: U32 = 50
    status: ResultStatus | None = None
    since: Instant | None = None
    pc_id: str | None = None
    job_id: str | None = None
    exec_id: str | None = None
    stdout: str | None = None
    stderr: str | None = None


class ExecutionsQuery(msgspec.Struct, frozen=True):
    """Filters of `GET /api/executions`: equality, and empty ones are none."""

    limit: U32 = 50
    job_id: str | None = None
    status: str | None = None


class TargetsQuery(msgspec.Struct, frozen=True):
    """Which page of an execution's targets: those of PCs after `targets_after`."""

    targets_limit: U32 = 1_000
    targets_after: str = ""


async def list_results(request: Request) -> Response:
    """The newest results that pass. A search that ran out of time says so in `x-kanade-incomplete`."""
    query: ResultsQuery = request.query
    limit = min(query.limit, MOST)
    patterns = {name: found for name in COLUMNS if (found := pattern(getattr(query, name))) is not None}
    status = query.status.value if query.status else None
    headers: dict[str, str] = {}
    try:
        if limit == 0:
            numbers: list[int] = []
        elif patterns:
            search = await Scan(request.ctx, status, query.since, patterns).run(limit)
            numbers = search.numbers
            if not search.complete:
                headers["x-kanade-incomplete"] = "time"
        else:
            numbers = await results_read.newest(request.ctx, status, query.since, limit)
        body = await results_read.as_json(request.ctx, numbers, request.ctx.settings.list_output)
    except _FAILURES as error:
        request.ctx.log.warning("results cannot be listed", error=str(error))
        raise HttpError(500, "list results failed") from error
    return Response(body, content_type="application/json", headers=headers)


async def get_result(request: Request) -> ResultDetail:
    """One result, its output whole."""
    try:
        found = await results_read.one(request.ctx, request.path["result_id"])
    except _FAILURES as error:
        request.ctx.log.warning("a result cannot be read", error=str(error))
        raise HttpError(500) from error
    if found is None:
        raise HttpError(404)
    return found


async def list_executions(request: Request) -> list[Execution]:
    """The newest executions that pass."""
    query: ExecutionsQuery = request.query
    try:
        return await executions_read.executions(
            request.ctx, query.job_id, query.status, min(query.limit, MOST)
        )
    except _FAILURES as error:
        request.ctx.log.warning("executions cannot be listed", error=str(error))
        raise HttpError(500) from error


async def get_execution(request: Request) -> ExecutionDetail:
    """One execution with its results and a page of its targets."""
    query: TargetsQuery = request.query
    try:
        found = await executions_read.execution(
            request.ctx,
            request.path["exec_id"],
            after=query.targets_after,
            limit=min(query.targets_limit, MOST),
        )
    except _FAILURES as error:
        request.ctx.log.warning("an execution cannot be read", error=str(error))
        raise HttpError(500) from error
    if found is None:
        raise HttpError(404)
    return found


class DurationsQuery(msgspec.Struct, frozen=True):
    """Of runs that ended since then; default: the last 24 hours."""

    since: Instant | None = None


async def scan_durations(request: Request) -> list[JobDurations]:
    """How long each job takes."""
    query: DurationsQuery = request.query
    since = query.since or request.ctx.clock.now() - 86_400
    try:
        return await durations(request.ctx, since)
    except _FAILURES as error:
        raise HttpError(500, str(error)) from error


def routes() -> Sequence[Route]:
    """The plugin's routes."""
    return [
        Route(
            "GET",
            "/api/results",
            list_results,
            READ,
            "The newest results, filtered by status, time and patterns",
            query=ResultsQuery,
            response=list[Result],
            fresh=("results",),
            errors={400: "invalid regex `…`: …", 500: "list results failed"},
            tags=("results",),
        ),
        Route(
            "GET",
            "/api/results/{result_id}",
            get_result,
            READ,
            "One result with its whole output",
            response=ResultDetail,
            fresh=("results",),
            errors={404: "", 500: ""},
            tags=("results",),
        ),
        Route(
            "GET",
            "/api/results/{result_id}/output/{stream}",
            get_output,
            READ,
            "All of a result's stdout or stderr, or a part of it (Range), however long it is",
            errors={
                404: "no such result, or no such output",
                410: "the object store holds it no more",
                416: "the output has … bytes",
                500: "it is damaged in the object store",
                503: "broker unavailable: …",
            },
            tags=("results",),
        ),
        Route(
            "GET",
            "/api/executions",
            list_executions,
            READ,
            "The newest executions, filtered by job and status",
            query=ExecutionsQuery,
            response=list[Execution],
            fresh=("executions",),
            errors={500: ""},
            tags=("executions",),
        ),
        Route(
            "GET",
            "/api/executions/{exec_id}",
            get_execution,
            READ,
            "One execution with its results and targets",
            query=TargetsQuery,
            response=ExecutionDetail,
            fresh=("executions", "results"),
            errors={404: "", 500: ""},
            tags=("executions",),
        ),
        Route(
            "GET",
            "/api/health/scan_durations",
            scan_durations,
            READ,
            "How long jobs take: percentiles over their runs",
            query=DurationsQuery,
            response=list[JobDurations],
            fresh=("results",),
            fresh_for=1.0,
            errors={500: "the error of the database"},
            tags=("health",),
        ),
        *target_routes(READ),
        *activity_routes(READ),
    ]
