"""HTTP: one PC, and the own attributes of PCs (docs/fleet.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from kanade_host.plugin import HttpError, Permission, Request, Role, Route, Tx, audit
from kanade_host_heartbeat import attributes, listing
from kanade_host_heartbeat.attributes import Attribute, NameInUse, Noted
from kanade_host_heartbeat.conditions import Where
from kanade_host_heartbeat.filters import AgentFilter, Names, told
from kanade_host_heartbeat.fleet_routes import BODY, READ
from kanade_host_heartbeat.listing import FleetAgent
from kanade_host_heartbeat.selecting import select
from kanade_host_heartbeat.sorting import ordering

if TYPE_CHECKING:
    from kanade_host_fleet.api import DynamicGroups

EDIT = Permission("agents.edit", Role.OPERATOR)
ROWS_AT_ONCE = 2_000
"""Rows of one transaction: everybody else who writes waits for it."""

Limit = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]


class NamesQuery(msgspec.Struct, frozen=True):
    """`limit`: names at most; there are never more than 500."""

    limit: Limit = attributes.NAMES_AT_MOST


class BulkChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which PCs (as `POST /api/fleet/select`), and what is to be set and deleted on each."""

    filter: AgentFilter | None = None
    names: Names | None = None
    set: dict[str, Attribute] = {}
    delete: list[str] = []


class BulkChanged(msgspec.Struct, frozen=True):
    """How many PCs were meant, how many attributes changed, and names that no PC has."""

    pcs: int
    changed: int
    unknown: list[str]


async def one(request: Request) -> FleetAgent:
    """One PC, as the list shows it."""
    pc_id = request.path["pc_id"]
    found = Where()
    found.add("a.pc_id = ?", pc_id)
    by = ordering("pc_id", "asc", request.ctx.clock.now())
    page = await listing.page(request.ctx, found, by, 1, None)
    if not page.items:
        await attributes.require(request.ctx, pc_id)
    return page.items[0]


async def own(request: Request) -> list[Noted]:
    """The own attributes of one PC, by name."""
    return await attributes.of_pc(request.ctx, request.path["pc_id"])


async def note(request: Request) -> Noted:
    """Set one attribute of one PC."""
    pc_id, name, given = request.path["pc_id"], request.path["name"], request.body
    row = attributes.checked(name, given)
    await attributes.require(request.ctx, pc_id)
    at = request.ctx.clock.now()

    def work(tx: Tx) -> None:
        before = attributes.stored(tx, pc_id, name)
        if attributes.change(tx, at, [pc_id], [row], []):
            payload = {"name": name, "type": row[1], "value": row[2], "before": before and before["value"]}
            audit(tx, at, "attribute_set", pc_id, payload, caller=request.caller)

    await request.ctx.write(work)
    _tell_groups(request)
    return Noted(name, row[1], row[2], at)


async def forget(request: Request) -> None:
    """Delete one attribute of one PC."""
    pc_id, name = request.path["pc_id"], request.path["name"]
    at = request.ctx.clock.now()

    def work(tx: Tx) -> None:
        before = attributes.stored(tx, pc_id, name)
        if before is None:
            raise HttpError(404, f"`{pc_id}` has no attribute `{name}`")
        attributes.change(tx, at, [pc_id], [], [name])
        payload = {"name": name, "before": before["value"]}
        audit(tx, at, "attribute_delete", pc_id, payload, caller=request.caller)

    await request.ctx.write(work)
    _tell_groups(request)


async def names(request: Request) -> list[NameInUse]:
    """The names of attributes that PCs have."""
    return await attributes.in_use(request.ctx, min(request.query.limit, attributes.NAMES_AT_MOST))


async def change_many(request: Request) -> BulkChanged:
    """Set and delete attributes of every PC that a filter or a list of names means."""
    body: BulkChange = request.body
    if not body.set and not body.delete:
        raise HttpError(400, "give `set` or `delete`: what is to change on these PCs")
    if len(body.set) + len(body.delete) > attributes.OF_PC_AT_MOST:
        raise HttpError(400, f"more than {attributes.OF_PC_AT_MOST} attributes at once")
    rows = [attributes.checked(name, attribute) for name, attribute in body.set.items()]
    found = await select(request.ctx, body.filter, body.names)
    at = request.ctx.clock.now()
    step = max(1, ROWS_AT_ONCE // (len(rows) + len(body.delete)))
    changed = 0
    for begin in range(0, len(found.pc_ids), step):
        part = found.pc_ids[begin : begin + step]

        def work(tx: Tx, part: list[str] = part, first: bool = begin == 0) -> int:
            if first:
                audit(tx, at, "attributes_set", None, _told(body, len(found.pc_ids)), caller=request.caller)
            return attributes.change(tx, at, part, rows, body.delete)

        changed += await request.ctx.write(work)
    _tell_groups(request)
    return BulkChanged(len(found.pc_ids), changed, found.unknown)


def _tell_groups(request: Request) -> None:
    """Dynamic groups may ask for attributes."""
    dynamic: DynamicGroups | None = request.ctx.find("fleet.dynamic_groups")
    if dynamic is not None:
        dynamic.changed()


def _told(body: BulkChange, pcs: int) -> Mapping[str, Any]:
    """The record of a change of many: the filter as it was given, of names how many."""
    return {
        "pcs": pcs,
        "filter": told(body.filter),
        "names": None if body.names is None else len(body.names),
        "set": {name: one.value for name, one in body.set.items()},
        "delete": body.delete,
    }


_PC = "/api/fleet/pcs/{pc_id}"
_ONE = _PC + "/attributes/{name}"
_UNKNOWN = {404: "no such PC or attribute"}
_BAD = {400: "a name or value cannot be used; the text says why"}

ROUTES = (
    Route(
        "GET",
        _PC,
        one,
        READ,
        "One PC as the list shows it",
        response=FleetAgent,
        fresh=("agents", "kv:agent_groups"),
        fresh_for=1.0,
        errors=_UNKNOWN,
    ),
    Route(
        "GET",
        _PC + "/attributes",
        own,
        READ,
        "The own attributes of one PC, at most 50",
        response=list[Noted],
        errors=_UNKNOWN,
    ),
    Route(
        "PUT",
        _ONE,
        note,
        EDIT,
        "Set an own attribute of one PC",
        request=Attribute,
        response=Noted,
        audits=("attribute_set",),
        errors=_BAD | _UNKNOWN,
    ),
    Route(
        "DELETE",
        _ONE,
        forget,
        EDIT,
        "Delete an own attribute of one PC",
        status=204,
        audits=("attribute_delete",),
        errors=_UNKNOWN,
    ),
    Route(
        "GET",
        "/api/fleet/attributes",
        names,
        READ,
        "The names of own attributes that PCs have",
        query=NamesQuery,
        response=list[NameInUse],
    ),
    Route(
        "POST",
        "/api/fleet/attributes",
        change_many,
        EDIT,
        "Set and delete own attributes of many PCs",
        request=BulkChange,
        response=BulkChanged,
        body_limit=BODY,
        audits=("attributes_set",),
        errors=_BAD,
    ),
)
