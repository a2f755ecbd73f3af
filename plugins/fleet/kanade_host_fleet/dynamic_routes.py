"""HTTP: static and dynamic groups as a list, and the definitions of dynamic ones (docs/fleet.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from kanade_host.plugin import HttpError, Instant, Permission, Request, Role, Route, Tx, audit
from kanade_host_fleet import definitions
from kanade_host_fleet.buckets import told
from kanade_host_fleet.definitions import DESCRIPTION_AT_MOST, GROUPS_AT_MOST, Definition
from kanade_host_fleet.dynamic import NAMED_AT_MOST, SELECTION, dynamic_of
from kanade_host_fleet.memberships import BUCKET, memberships_of, usable
from kanade_host_fleet.scopes import BUCKET as SCOPES
from kanade_host_fleet.scopes import GROUP_PREFIX

if TYPE_CHECKING:
    from kanade_host_heartbeat.api import Selection

READ = Permission("groups.read", Role.VIEWER)
WRITE = Permission("groups.write", Role.OPERATOR)
PAGE, PAGE_AT_MOST, PREVIEWED = 100, 1_000, 1_000

Limit = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
Description = Annotated[str, msgspec.Meta(max_length=DESCRIPTION_AT_MOST)]


class GroupSummary(msgspec.Struct, frozen=True):
    """A group. `kind`: static (people say who is in it) or dynamic (its filter does); the rest is about
    dynamic ones. `problem`: why the members do not follow the filter at the moment.
    """

    name: str
    kind: str
    members: int
    has_config: bool
    description: str | None = None
    filter: dict[str, Any] | None = None
    updated_at: Instant | None = None
    updated_by: str | None = None
    evaluated_at: Instant | None = None
    problem: str | None = None


class GroupsPage(msgspec.Struct, frozen=True):
    """`next`: the `after` of the next page."""

    total: int
    items: list[GroupSummary]
    next: str | None


class GroupsQuery(msgspec.Struct, frozen=True):
    """`q`: part of the name; `after`: the last name of the page before."""

    q: str | None = None
    after: str = ""
    limit: Limit = PAGE


class DefinitionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The filter (docs/fleet.md). `replace`: turn a static group of that name into this one, whose
    members that the filter does not let through are taken out.
    """

    filter: dict[str, Any]
    description: Description | None = None
    replace: bool = False


class DeleteQuery(msgspec.Struct, frozen=True):
    """`keep=true`: its members stay, and the group is a static one from now on."""

    keep: bool = False


class PreviewBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A filter, and the group that it would be for."""

    filter: dict[str, Any]
    name: str | None = None


class Preview(msgspec.Struct, frozen=True):
    """Who would be in the group, and who would join and leave it; of each the first 1,000 by name.

    `static`: there are members that people put there, so that it takes `replace` to save it.
    """

    total: int
    members: list[str]
    joining_total: int
    joining: list[str]
    leaving_total: int
    leaving: list[str]
    static: bool


async def list_groups(request: Request) -> GroupsPage:
    """A page of groups, by name."""
    query: GroupsQuery = request.query
    found = await _summaries(request)
    text = (query.q or "").strip().casefold()
    names = sorted(name for name in found if text in name.casefold())
    page = [name for name in names if name > query.after][: min(query.limit, PAGE_AT_MOST)]
    more = bool(page) and page[-1] != names[-1]
    return GroupsPage(len(names), [found[name] for name in page], page[-1] if more else None)


async def one_group(request: Request) -> GroupSummary:
    """One group; 404 when it has neither members nor configuration nor filter."""
    name = request.path["name"]
    found = (await _summaries(request)).get(name)
    if found is None:
        raise HttpError(404, f"there is no group `{name}`")
    return found


async def put_definition(request: Request) -> GroupSummary:
    """Make a dynamic group, or change one."""
    name, body = request.path["name"], request.body
    if usable(name) != name:
        raise HttpError(400, f"group name `{name}` cannot be used: leave out white space at its ends")
    filter = _checked(request, body.filter)
    stored = await definitions.all_definitions(request.ctx)
    _check_circles(name, filter, stored)
    if name not in stored and not body.replace:
        members = await memberships_of(request.ctx).members(name)
        if members:
            raise HttpError(
                409,
                f"`{name}` is a static group with {len(members)} members: choose another name, or send"
                " `replace` to let the filter decide who stays",
            )
    at, by = request.ctx.clock.now(), request.caller.sub

    def work(tx: Tx) -> None:
        if definitions.others(tx, name) >= GROUPS_AT_MOST:
            raise HttpError(400, f"there are {GROUPS_AT_MOST} dynamic groups already, which is the most")
        definitions.put(tx, at, name, body.description, filter, by)
        before = stored.get(name)
        payload = {"filter": filter, "before": before and before.filter, "description": body.description}
        audit(tx, at, "dynamic_group_set", name, _short(payload), caller=request.caller)

    await request.ctx.write(work)
    await _follow(request)
    return (await _summaries(request))[name]


async def delete_definition(request: Request) -> None:
    """Delete a dynamic group: its members leave it, or stay as those of a static one."""
    name, keep = request.path["name"], request.query.keep
    dynamic = dynamic_of(request.ctx)
    if name not in await dynamic.names():
        raise HttpError(404, f"there is no dynamic group `{name}`")
    at = request.ctx.clock.now()
    left = 0
    if not keep:
        with told(BUCKET, f"empty the group {name}"):
            left = await dynamic.empty(name)

    def work(tx: Tx) -> None:
        if not definitions.delete(tx, name):
            raise HttpError(404, f"there is no dynamic group `{name}`")
        payload = {"kept": keep, "left": left}
        audit(tx, at, "dynamic_group_delete", name, payload, caller=request.caller)

    await request.ctx.write(work)
    await dynamic.names()


async def preview(request: Request) -> Preview:
    """What a filter would make of a group; changes nothing."""
    body: PreviewBody = request.body
    filter = _checked(request, body.filter)
    stored = await definitions.all_definitions(request.ctx)
    now: set[str] = set()
    if body.name is not None:
        _check_circles(body.name, filter, stored)
        now = set(await memberships_of(request.ctx).members(body.name))
    selected = set((await _selection(request).select(filter)).pc_ids)
    joining, leaving = sorted(selected - now), sorted(now - selected)
    return Preview(
        total=len(selected),
        members=sorted(selected)[:PREVIEWED],
        joining_total=len(joining),
        joining=joining[:PREVIEWED],
        leaving_total=len(leaving),
        leaving=leaving[:PREVIEWED],
        static=bool(now) and body.name not in stored,
    )


async def _follow(request: Request) -> None:
    """Bring the members up to date now; when the broker is away, the task does it later."""
    dynamic = dynamic_of(request.ctx)
    dynamic.changed()
    with told(BUCKET, "write the members"):
        await dynamic.look()


async def _summaries(request: Request) -> dict[str, GroupSummary]:
    ctx = request.ctx
    memberships, scopes = memberships_of(ctx), ctx.watch(SCOPES)
    with told(BUCKET, "list agent_groups"):
        await memberships.map.synced()
        await scopes.synced()
    stored = await definitions.all_definitions(ctx)
    counts: dict[str, int] = {}
    for groups in memberships.snapshot().values():
        for group in groups:
            counts[group] = counts.get(group, 0) + 1
    configured = {key.removeprefix(GROUP_PREFIX) for key, _ in scopes.items() if key.startswith(GROUP_PREFIX)}
    return {
        name: _summary(name, counts.get(name, 0), name in configured, stored.get(name))
        for name in {*counts, *configured, *stored}
    }


def _summary(name: str, members: int, configured: bool, group: Definition | None) -> GroupSummary:
    if group is None:
        return GroupSummary(name, "static", members, configured)
    return GroupSummary(
        name,
        "dynamic",
        members,
        configured,
        group.description,
        group.filter,
        group.updated_at,
        group.updated_by,
        group.evaluated_at,
        group.problem,
    )


def _selection(request: Request) -> Selection:
    found: Selection | None = request.ctx.find(SELECTION)
    if found is None:
        raise HttpError(
            400, "dynamic groups need the heartbeat plugin, which knows the PCs; it is not running"
        )
    return found


def _checked(request: Request, filter: Mapping[str, Any]) -> dict[str, Any]:
    shortest = _selection(request).checked(filter)
    if not shortest:
        raise HttpError(400, "filter: give at least one condition; `all` addresses every PC without a group")
    return shortest


def _check_circles(name: str, filter: Mapping[str, Any], stored: Mapping[str, Definition]) -> None:
    """A filter may ask for static groups only: else who is in which would depend on who looked first."""
    used = {*filter.get("group", ()), *filter.get("not_group", ())}
    circular = sorted(used & {name, *stored})
    if circular:
        raise HttpError(400, f"filter: `{circular[0]}` is a dynamic group; a filter can ask for static ones")
    users = sorted(one.name for one in stored.values() if name in _used(one) and one.name != name)
    if users:
        raise HttpError(400, f"`{name}` is used by the filter of the dynamic group `{users[0]}`")


def _used(group: Definition) -> set[str]:
    return {*group.filter.get("group", ()), *group.filter.get("not_group", ())}


def _short(payload: dict[str, Any]) -> dict[str, Any]:
    """Of a filter with a pasted list of names, the first ones."""
    for key in ("filter", "before"):
        filter = payload[key]
        if filter and len(filter.get("pcs") or ()) > NAMED_AT_MOST:
            pcs = filter["pcs"]
            payload[key] = filter | {"pcs": [*pcs[:NAMED_AT_MOST], f"\u2026 {len(pcs)} in all"]}
    return payload


_BAD = {400: "the name or the filter cannot be used; the text says why", 503: "the broker is away"}

ROUTES = (
    Route(
        "GET",
        "/api/fleet/groups",
        list_groups,
        READ,
        "Groups with the number of their members, static and dynamic",
        query=GroupsQuery,
        response=GroupsPage,
        errors={503: "the broker is away"},
    ),
    Route(
        "GET",
        "/api/fleet/groups/{name}",
        one_group,
        READ,
        "One group",
        response=GroupSummary,
        errors={404: "no such group", 503: "the broker is away"},
    ),
    Route(
        "PUT",
        "/api/fleet/groups/{name}",
        put_definition,
        WRITE,
        "Make or change a dynamic group: a filter decides who is in it",
        request=DefinitionBody,
        response=GroupSummary,
        audits=("dynamic_group_set", "dynamic_group_members", "dynamic_group_reconciled"),
        errors=_BAD | {409: "a static group has that name"},
    ),
    Route(
        "DELETE",
        "/api/fleet/groups/{name}",
        delete_definition,
        WRITE,
        "Delete a dynamic group; with keep=true its members stay, and it is a static one",
        query=DeleteQuery,
        status=204,
        audits=("dynamic_group_delete",),
        errors={404: "no such dynamic group", 503: "the broker is away"},
    ),
    Route(
        "POST",
        "/api/fleet/groups/preview",
        preview,
        READ,
        "Who would be in a dynamic group with that filter; changes nothing",
        request=PreviewBody,
        response=Preview,
        errors=_BAD,
    ),
)
