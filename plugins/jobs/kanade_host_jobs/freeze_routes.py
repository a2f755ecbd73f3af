"""Freeze windows over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from kanade_host.plugin import U32, HttpError, Permission, Request, Route
from kanade_host_jobs.freezes import MOST, TOPIC, Freeze, FreezeBody
from kanade_host_jobs.work import work_of


class FreezesQuery(msgspec.Struct, frozen=True):
    """How many."""

    limit: Annotated[U32, msgspec.Meta(description=f"There are {MOST} at most.")] = MOST


async def list_freezes(request: Request) -> list[Freeze]:
    """GET /api/freezes, by id."""
    return (await work_of(request.ctx).freezes.listed())[: request.query.limit]


async def save_freeze(request: Request) -> None:
    """PUT /api/freezes/{id}."""
    await work_of(request.ctx).freezes.save(request.path["id"], request.body, request.caller)


async def delete_freeze(request: Request) -> None:
    """DELETE /api/freezes/{id}."""
    id = request.path["id"]
    if not await work_of(request.ctx).freezes.delete(id, request.caller):
        raise HttpError(404, f"no freeze window has the id '{id}'")


def freeze_routes(read: Permission, write: Permission) -> Sequence[Route]:
    """For the plugin's table of routes."""
    return [
        Route(
            "GET",
            "/api/freezes",
            list_freezes,
            read,
            "Freeze windows, in which nothing fires, with those that are open now",
            query=FreezesQuery,
            response=list[Freeze],
            fresh=(TOPIC,),
            fresh_for=1.0,
            tags=("freezes",),
        ),
        Route(
            "PUT",
            "/api/freezes/{id}",
            save_freeze,
            write,
            "Save a freeze window",
            request=FreezeBody,
            status=204,
            audits=("freeze_upsert",),
            errors={
                400: "the window is refused, with the reason",
                409: "there are too many",
                503: "recurring windows need the scheduler plugin",
            },
            tags=("freezes",),
        ),
        Route(
            "DELETE",
            "/api/freezes/{id}",
            delete_freeze,
            write,
            "Delete a freeze window",
            status=204,
            audits=("freeze_delete",),
            errors={404: "no such window"},
            tags=("freezes",),
        ),
    ]
