"""HTTP: inventory as lists that are filtered, sorted, counted and exported here, not in the browser."""

from __future__ import annotations

from collections.abc import Sequence

from kanade_host.plugin import HttpError, Permission, Request, Response, Route, export_format
from kanade_host_inventory import changes, listing
from kanade_host_inventory.history import Change
from kanade_host_inventory.projector import TOPIC
from kanade_host_inventory.selecting import EXPORT_AT_MOST, Selection, last, selection
from kanade_host_inventory.tables import derived_source, facts_source

_ERRORS = {
    400: "an unknown column, operator or parameter",
    404: "no such manifest, or it has no such derived table",
    503: "jobs KV: the broker's reason",
}
_GRAMMAR = "where=column:operator:value (repeated), q, sort=column or -column"


async def _selected(request: Request) -> Selection:
    manifest_id, field = request.path["manifest_id"], request.path.get("field")
    if field is None:
        source = await facts_source(request.ctx, manifest_id)
    else:
        source = await derived_source(request.ctx, manifest_id, field)
    return selection(source, request.query)


async def rows(request: Request) -> listing.Rows:
    """A page of rows and the total."""
    return await listing.page(request.ctx, await _selected(request), request.query)


async def counts(request: Request) -> listing.Counts:
    """Counts by value over one column."""
    column = last(request.query, "column")
    if not column:
        raise HttpError(400, "say which column: column=<name>")
    return await listing.counts(request.ctx, await _selected(request), column)


async def pcs(request: Request) -> listing.Pcs:
    """The PCs behind a list."""
    return await listing.pcs(request.ctx, await _selected(request))


async def export(request: Request) -> Response:
    """Exactly what is filtered, as a file; `x-kanade-incomplete: rows` where it was cut."""
    kind = export_format(last(request.query, "format"))
    return await listing.export(request.ctx, await _selected(request), request.query, kind)


async def changes_of_pc(request: Request) -> list[Change]:
    """What any job saw change on one PC."""
    return await changes.of_any_job(request.ctx, request.path["pc_id"], request.query)


def table_routes(read: Permission) -> Sequence[Route]:
    """For the facts of a job, and for each of its derived tables."""
    found = [
        Route(
            "GET",
            "/api/agents/{pc_id}/inventory_changes",
            changes_of_pc,
            read,
            "What inventory saw change on one PC, newest first",
            query=changes.ChangesQuery,
            response=list[Change],
            fresh=(TOPIC,),
            tags=("inventory",),
        )
    ]
    for path, what in (
        ("/api/inventory/{manifest_id}/facts", "a job's facts, one row of each PC"),
        ("/api/inventory/{manifest_id}/tables/{field}", "a derived table"),
    ):
        for name, handler, summary, response in (
            ("", rows, f"A page of {what}, with the total; {_GRAMMAR}, limit, offset", listing.Rows),
            ("/counts", counts, f"Counts by value over a column of {what}; {_GRAMMAR}", listing.Counts),
            ("/pcs", pcs, f"The PCs behind {what}; {_GRAMMAR}", listing.Pcs),
            ("/export", export, f"Export of {what}, {EXPORT_AT_MOST} rows at most; {_GRAMMAR}, format", None),
        ):
            found.append(
                Route(
                    "GET",
                    path + name,
                    handler,
                    read,
                    summary,
                    response=response,
                    fresh=() if name == "/export" else (TOPIC, "kv:jobs"),
                    errors=_ERRORS,
                    tags=("inventory",),
                )
            )
    return found
