"""HTTP: inventory (`contract/http-jobs.md` 9)."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

from kanade_host.plugin import (
    HttpError,
    KanadeError,
    Permission,
    Request,
    Response,
    Role,
    Route,
    Unavailable,
)
from kanade_host.plugin.errors import ResourceMissing
from kanade_host_inventory import history, queries, search
from kanade_host_inventory.history import Change, FirstSeen, PcQuery
from kanade_host_inventory.projector import TOPIC
from kanade_host_inventory.queries import Facts, InventoryJob, JobInventory
from kanade_host_inventory.table_routes import table_routes

READ = Permission("inventory.read", Role.VIEWER)
T = TypeVar("T")


async def facts_of_pc(request: Request) -> list[Facts]:
    """Everything that is known of a PC."""
    return await _read(queries.of_pc(request.ctx, request.path["pc_id"]))


async def facts_of_job(request: Request) -> Response:
    """What a job found on all PCs."""
    chunks = await _read(queries.of_job(request.ctx, request.path["manifest_id"]))
    return Response(chunks, content_type="application/json")


async def list_jobs(request: Request) -> list[InventoryJob]:
    """The jobs that bring inventory."""
    try:
        return await queries.jobs(request.ctx)
    except (Unavailable, ResourceMissing) as error:
        raise HttpError(503, f"get KV jobs: {error}") from None


async def search_rows(request: Request) -> list[dict[str, Any]]:
    """Rows of a derived table that pass the filters of the query."""
    manifest_id = request.path["manifest_id"]
    spec = await search.spec_of(request.ctx, manifest_id, request.path["field"])
    return await _read(search.search(request.ctx, manifest_id, spec, request.query))


async def history_of_pc(request: Request) -> list[Change]:
    """What changed on one PC."""
    asked = history.of_pc(request.path["manifest_id"], request.path["pc_id"], request.query)
    return await _read(history.changes(request.ctx, asked))


async def history_of_fleet(request: Request) -> list[Change]:
    """What changed on all PCs."""
    asked = history.of_fleet(request.path["manifest_id"], request.query)
    return await _read(history.changes(request.ctx, asked))


async def first_seen(request: Request) -> list[FirstSeen]:
    """Since when PCs have something."""
    asked = history.first_seen(request.path["manifest_id"], request.query)
    return await _read(history.firsts(request.ctx, asked))


async def _read(reading: Awaitable[T]) -> T:
    try:
        return await reading
    except HttpError:
        raise
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 1)
        raise HttpError(500, f"error returned from database: (code: {code}) {error}") from error
    except KanadeError as error:
        raise HttpError(500, str(error)) from error


def routes() -> Sequence[Route]:
    """The plugin's routes."""
    database = {500: "database error, as text"}
    broken = {400: "a bad filter", **database}
    many = "/api/inventory/{manifest_id}"
    return [
        Route(
            "GET",
            "/api/inventory/jobs",
            list_jobs,
            READ,
            "Jobs that bring inventory, with their columns and derived tables",
            response=list[InventoryJob],
            errors={503: "get KV jobs: the broker's reason"},
            tags=("inventory",),
        ),
        Route(
            "GET",
            "/api/inventory/by-job/{manifest_id}",
            facts_of_job,
            READ,
            "What a job found on all PCs, by PC",
            response=JobInventory,
            errors=database,
            tags=("inventory",),
        ),
        Route(
            "GET",
            "/api/inventory/{pc_id}",
            facts_of_pc,
            READ,
            "Everything that is known of a PC, by job",
            response=list[Facts],
            fresh=(TOPIC,),
            errors=database,
            tags=("inventory",),
        ),
        Route(
            "GET",
            many + "/search/{field}",
            search_rows,
            READ,
            "Rows of a derived table on all PCs; the query holds filters (column, column__operator), limit"
            " and offset",
            response=list[dict[str, Any]],
            errors={
                **broken,
                404: "no such manifest, or it has no such derived table",
                503: "jobs KV: the broker's reason",
            },
            tags=("inventory",),
        ),
        Route(
            "GET",
            many + "/history/pc/{pc_id}",
            history_of_pc,
            READ,
            "What changed on one PC, newest first",
            query=PcQuery,
            response=list[Change],
            fresh=(TOPIC,),
            errors=broken,
            tags=("inventory",),
        ),
        Route(
            "GET",
            many + "/history/search",
            history_of_fleet,
            READ,
            "What changed on all PCs, newest first; filters field, kind, since, until, identity.KEY, limit,"
            " offset",
            response=list[Change],
            fresh=(TOPIC,),
            errors=broken,
            tags=("inventory",),
        ),
        Route(
            "GET",
            many + "/history/first_seen",
            first_seen,
            READ,
            "When something was first observed on each PC; filters field, since, identity.KEY, limit, offset",
            response=list[FirstSeen],
            fresh=(TOPIC,),
            errors=broken,
            tags=("inventory",),
        ),
        *table_routes(READ),
    ]
