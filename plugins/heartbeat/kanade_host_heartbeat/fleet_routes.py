"""HTTP: the fleet as a list, as counts, as a file and as a selection (docs/fleet.md)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from kanade_host.plugin import HttpError, Permission, Request, Response, Role, Route
from kanade_host_heartbeat import exporting, facets, listing, selecting
from kanade_host_heartbeat.conditions import where
from kanade_host_heartbeat.facets import BY_AT_MOST, Facet
from kanade_host_heartbeat.filters import AgentFilter, FilterQuery, from_query
from kanade_host_heartbeat.listing import FleetAgent
from kanade_host_heartbeat.selecting import SelectBody, Selection
from kanade_host_heartbeat.sorting import Order, Sort

READ = Permission("agents.read", Role.VIEWER)
PAGE, PAGE_AT_MOST, VALUES, VALUES_AT_MOST = 100, 1_000, 100, 1_000
BODY = 8 * 1024 * 1024
"""A list of a hundred thousand names."""

Limit = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]


class ListQuery(FilterQuery, frozen=True):
    """The filter, and `sort`, `order`, `limit` (at most 1,000), and where the page begins: `cursor` (the
    `next` of a page), or `offset`, for a scroll bar that is dragged to the middle.
    """

    sort: Sort = "pc_id"
    order: Order = "asc"
    limit: Limit = PAGE
    cursor: str | None = None
    offset: Limit = 0


class ExportQuery(FilterQuery, frozen=True):
    """The filter, `sort` and `order` of the list, and the format of the file."""

    sort: Sort = "pc_id"
    order: Order = "asc"
    format: Literal["csv", "json"] = "csv"


class FacetQuery(FilterQuery, frozen=True):
    """The filter, and `by` (repeatable): group, version, os, state, online or attribute.NAME."""

    by: list[str] = msgspec.field(default_factory=list)
    limit: Limit = VALUES


class ListBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same as `ListQuery`, for filters that are too long for an address."""

    filter: AgentFilter = msgspec.field(default_factory=AgentFilter)
    sort: Sort = "pc_id"
    order: Order = "asc"
    limit: Limit = PAGE
    cursor: str | None = None
    offset: Limit = 0


class FleetPage(msgspec.Struct, frozen=True):
    """`total` counts up to 10,000, with `total_capped` it reads "10,000+". `next` is the cursor of the
    next page. `unknown` and `ambiguous` are about the names of `pcs`.
    """

    total: int
    total_capped: bool
    items: list[FleetAgent]
    next: str | None
    unknown: list[str]
    ambiguous: dict[str, list[str]]


class Facets(msgspec.Struct, frozen=True):
    """How many PCs the filter lets through, and the counts that were asked for."""

    total: int
    total_capped: bool
    facets: list[Facet]


async def list_fleet(request: Request) -> FleetPage:
    """A page of the list."""
    query: ListQuery = request.query
    return await _list(request, from_query(query), query)


async def search_fleet(request: Request) -> FleetPage:
    """The same for a filter in the body; changes nothing."""
    body: ListBody = request.body
    return await _list(request, body.filter, body)


async def _list(request: Request, asked: AgentFilter, how: ListQuery | ListBody) -> FleetPage:
    ctx = request.ctx
    found = await where(ctx, asked)
    by = await listing.order_by(ctx, how.sort, how.order)
    page = await listing.page(ctx, found, by, min(how.limit, PAGE_AT_MOST), how.cursor, how.offset)
    total, capped = await listing.total(ctx, found)
    named = found.named
    return FleetPage(total, capped, page.items, page.next, named.unknown, named.ambiguous)


async def export(request: Request) -> Response:
    """Every row of the list, as a file."""
    query: ExportQuery = request.query
    found = await where(request.ctx, from_query(query))
    by = await listing.order_by(request.ctx, query.sort, query.order)
    return await exporting.export(request.ctx, found, by, query.format)


async def count(request: Request) -> Facets:
    """How many PCs have which value."""
    query: FacetQuery = request.query
    if not 0 < len(query.by) <= BY_AT_MOST:
        raise HttpError(400, f"by: name what to count by, from one to {BY_AT_MOST} times")
    found = await where(request.ctx, from_query(query))
    limit = min(query.limit, VALUES_AT_MOST)
    counted = [await facets.facet(request.ctx, found, by, limit) for by in dict.fromkeys(query.by)]
    return Facets(*await listing.total(request.ctx, found), counted)


async def select(request: Request) -> Selection:
    """Which PCs a filter or a list of names means; changes nothing."""
    body: SelectBody = request.body
    found = await selecting.select(request.ctx, body.filter, body.names)
    return Selection(len(found.pc_ids), found.pc_ids, found.unknown, found.ambiguous, found.left_out)


_BAD = {400: "the filter, sort or cursor cannot be used; the text says why"}
_TOPICS = ("agents", "kv:agent_groups", "inventory")
_LIST = "/api/fleet/agents"

ROUTES = (
    Route(
        "GET",
        _LIST,
        list_fleet,
        READ,
        "PCs by filter, sorted, a page at a time; more filters are attribute.NAME=VALUE and"
        " inventory.MANIFEST.TABLE.COLUMN=VALUE, each with __OP for another comparison than equal",
        query=ListQuery,
        response=FleetPage,
        fresh=_TOPICS,
        fresh_for=1.0,
        errors=_BAD,
    ),
    Route(
        "POST",
        _LIST,
        search_fleet,
        READ,
        "The same list for a long filter; changes nothing",
        request=ListBody,
        response=FleetPage,
        body_limit=BODY,
        errors=_BAD,
    ),
    Route(
        "GET",
        _LIST + "/export",
        export,
        READ,
        "Every PC of the filtered list, as a CSV or JSON file",
        query=ExportQuery,
        errors=_BAD,
        time_limit=None,
    ),
    Route(
        "GET",
        "/api/fleet/facets",
        count,
        READ,
        "How many of the filtered PCs have which group, version, system, state or attribute",
        query=FacetQuery,
        response=Facets,
        fresh=_TOPICS,
        fresh_for=1.0,
        errors=_BAD,
    ),
    Route(
        "POST",
        "/api/fleet/select",
        select,
        READ,
        "Which PCs a filter or a list of names means; changes nothing",
        request=SelectBody,
        response=Selection,
        body_limit=BODY,
        errors=_BAD,
    ),
)
