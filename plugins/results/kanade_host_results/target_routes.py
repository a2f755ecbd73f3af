"""HTTP: the targets of executions, beyond kanade-backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from kanade_host.plugin import (
    I64,
    U32,
    HttpError,
    Instant,
    Permission,
    Request,
    Response,
    Route,
    export_format,
    exported,
)
from kanade_host_results import agents, batches, outputs_read, targets_read
from kanade_host_results.answers import BatchState, Outputs, Targets, Unanswered, UnansweredTargets
from kanade_host_results.places import place_text, placed
from kanade_host_results.target_filter import OFFLINE, Where, by_output, by_state, states_in
from kanade_host_results.targets_read import EXPORT_AT_MOST, Place

MOST = 5_000
COUNTED = 100_000
GROUPS_MOST = 500
Limit = Annotated[U32, msgspec.Meta(description=f"At most {MOST} are given.")]
GroupsLimit = Annotated[
    int, msgspec.Meta(ge=0, le=2**32 - 1, description=f"At most {GROUPS_MOST} are given.")
]
FRESH_SECONDS = 2.0
"""Who is heard changes with the clock."""


class TargetsQuery(msgspec.Struct, frozen=True):
    """`state`: words by commas, `offline` too · `pc_id`: holds this text · `output`: one group of equal
    outputs · `batch`: one wave or batch · `after`: the PC that the page before ended with.
    """

    state: str | None = None
    pc_id: str | None = None
    output: str | None = None
    batch: U32 | None = None
    after: str = ""
    limit: Limit = 100


class TargetsExportQuery(msgspec.Struct, frozen=True):
    """The same filter, without pages."""

    format: str | None = None
    state: str | None = None
    pc_id: str | None = None
    output: str | None = None
    batch: U32 | None = None


class UnansweredQuery(msgspec.Struct, frozen=True):
    """`state`: waiting, running, expired, failed, offline, by commas · `job_id`: exactly · `pc_id`: holds
    this text · `since`, `until`: when the execution was fired · `after`: as the page before said.
    """

    state: str | None = None
    job_id: str | None = None
    pc_id: str | None = None
    since: Instant | None = None
    until: Instant | None = None
    after: str = ""
    limit: Limit = 100


class UnansweredExportQuery(msgspec.Struct, frozen=True):
    """The same filter, without pages."""

    format: str | None = None
    state: str | None = None
    job_id: str | None = None
    pc_id: str | None = None
    since: Instant | None = None
    until: Instant | None = None


class OutputsQuery(msgspec.Struct, frozen=True):
    """How many groups."""

    limit: GroupsLimit = 50


async def _where(request: Request) -> Where:
    """What both the list and the export of an execution's targets filter by."""
    query: TargetsQuery | TargetsExportQuery = request.query
    where = Where()
    states = states_in(query.state)
    by_state(where, states, await agents.online(request.ctx) if OFFLINE in states else None)
    by_output(where, query.output)
    if query.batch is not None:
        where.add("t.batch = ?", query.batch)
    if query.pc_id:
        where.add("instr(t.pc_id, ?)", query.pc_id)
    return where


async def list_targets(request: Request) -> Targets:
    """GET /api/executions/{exec_id}/targets."""
    query: TargetsQuery = request.query
    where = await _where(request)
    found = await targets_read.page(
        request.ctx, request.path["exec_id"], where, after=query.after, limit=min(query.limit, MOST)
    )
    if found is None:
        raise _unknown(request)
    return found


async def export_targets(request: Request) -> Response:
    """GET /api/executions/{exec_id}/targets/export: exactly what is filtered."""
    kind = export_format(request.query.format)
    where = await _where(request)
    exec_id = request.path["exec_id"]
    if not await request.ctx.query(targets_read.PLAN, (exec_id,)):
        raise _unknown(request)
    rows = targets_read.rows(request.ctx, exec_id, where)
    return exported("targets", kind, targets_read.TARGET_COLUMNS, rows)


class BatchesQuery(msgspec.Struct, frozen=True):
    """How many, from the first."""

    limit: Limit = 1_000


async def list_batches(request: Request) -> list[BatchState]:
    """GET /api/executions/{exec_id}/batches; none where everything went out at once."""
    exec_id = request.path["exec_id"]
    if not await request.ctx.query(targets_read.PLAN, (exec_id,)):
        raise _unknown(request)
    return (await batches.listed(request.ctx, exec_id))[: min(request.query.limit, MOST)]


async def list_outputs(request: Request) -> Outputs:
    """GET /api/executions/{exec_id}/outputs."""
    limit = min(request.query.limit, GROUPS_MOST)
    characters: int = request.ctx.settings.list_output
    found = await outputs_read.outputs(request.ctx, request.path["exec_id"], limit, characters)
    if found is None:
        raise _unknown(request)
    return found


def _unknown(request: Request) -> HttpError:
    return HttpError(404, f"no execution has the id '{request.path['exec_id']}'")


# -- over all executions -----------------------------------------------------------------------


async def _unanswered_where(request: Request) -> Where:
    query: UnansweredQuery | UnansweredExportQuery = request.query
    where = Where()
    states = states_in(query.state)
    by_state(where, states, await agents.online(request.ctx) if OFFLINE in states else None)
    if query.job_id:
        where.add("e.job_id = ?", query.job_id)
    if query.pc_id:
        where.add("instr(t.pc_id, ?)", query.pc_id)
    targets_read.since_until(where, query.since, query.until)
    return where


async def list_unanswered(request: Request) -> UnansweredTargets:
    """GET /api/targets/unanswered."""
    query: UnansweredQuery = request.query
    where = await _unanswered_where(request)
    listed, place = await targets_read.unanswered(
        request.ctx, where, _place(query.after), min(query.limit, MOST)
    )
    total = await targets_read.unanswered_count(request.ctx, where, COUNTED + 1)
    return UnansweredTargets(
        total=min(total, COUNTED),
        more_than=total > COUNTED,
        targets=listed,
        after=None if place is None else _text(place),
    )


async def list_unanswered_pcs(request: Request) -> list[Unanswered]:
    """GET /api/targets/unanswered/pcs."""
    where = await _unanswered_where(request)
    return await targets_read.unanswered_pcs(request.ctx, where, min(request.query.limit, MOST))


async def export_unanswered(request: Request) -> Response:
    """GET /api/targets/unanswered/export."""
    kind = export_format(request.query.format)
    where = await _unanswered_where(request)
    cut = await targets_read.unanswered_count(request.ctx, where, EXPORT_AT_MOST + 1) > EXPORT_AT_MOST
    rows = targets_read.unanswered_rows(request.ctx, where)
    return exported("unanswered", kind, targets_read.UNANSWERED_COLUMNS, rows, cut=cut)


def _text(place: Place) -> str:
    return place_text((place.initiated_at, place.number, place.pc_id))


def _place(text: str) -> Place | None:
    values = placed(text, tuple[str, I64, str])
    return None if values is None else Place(*values)


def target_routes(read: Permission) -> Sequence[Route]:
    """For the plugin's table of routes."""
    unknown = {400: "a word that is no state, or no digest", 404: "no such execution"}
    depends = ("executions", "results")
    return [
        Route(
            "GET",
            "/api/executions/{exec_id}/targets",
            list_targets,
            read,
            "The PCs of one execution, each with its state; filters, pages, totals",
            query=TargetsQuery,
            response=Targets,
            fresh=depends,
            fresh_for=FRESH_SECONDS,
            errors=unknown,
            tags=("executions",),
        ),
        Route(
            "GET",
            "/api/executions/{exec_id}/targets/export",
            export_targets,
            read,
            "The filtered targets of one execution as a file, csv or json",
            query=TargetsExportQuery,
            errors=unknown,
            tags=("executions",),
        ),
        Route(
            "GET",
            "/api/executions/{exec_id}/outputs",
            list_outputs,
            read,
            "Equal outputs of one execution, with counts and their first PCs",
            query=OutputsQuery,
            response=Outputs,
            fresh=depends,
            errors={404: "no such execution"},
            tags=("executions",),
        ),
        Route(
            "GET",
            "/api/executions/{exec_id}/batches",
            list_batches,
            read,
            "The waves or batches of one execution, with what came of each",
            query=BatchesQuery,
            response=list[BatchState],
            fresh=depends,
            errors={404: "no such execution"},
            tags=("executions",),
        ),
        Route(
            "GET",
            "/api/targets/unanswered",
            list_unanswered,
            read,
            "Targets of all executions that never answered, newest execution first",
            query=UnansweredQuery,
            response=UnansweredTargets,
            fresh=depends,
            fresh_for=FRESH_SECONDS,
            errors={400: "a word that is no state"},
            tags=("executions",),
        ),
        Route(
            "GET",
            "/api/targets/unanswered/pcs",
            list_unanswered_pcs,
            read,
            "The PCs behind them, those that owe most answers first",
            query=UnansweredQuery,
            response=list[Unanswered],
            fresh=depends,
            fresh_for=FRESH_SECONDS,
            errors={400: "a word that is no state"},
            tags=("executions",),
        ),
        Route(
            "GET",
            "/api/targets/unanswered/export",
            export_unanswered,
            read,
            f"The filtered targets that never answered as a file, csv or json, {EXPORT_AT_MOST} rows at most",
            query=UnansweredExportQuery,
            errors={400: "a word that is no state"},
            tags=("executions",),
        ),
    ]
