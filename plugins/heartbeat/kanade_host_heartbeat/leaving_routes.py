"""HTTP: retiring, renaming and merging PCs, and what is odd about ids (docs/fleet.md)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kanade_host.plugin import HttpError, Permission, Request, Role, Route
from kanade_host_heartbeat import leaving, moves, records
from kanade_host_heartbeat.filters import AgentFilter, Names
from kanade_host_heartbeat.fleet_routes import BODY, READ
from kanade_host_heartbeat.leaving import Kind, Leaving
from kanade_host_heartbeat.moves import MOVES, Move, Moves
from kanade_host_heartbeat.records import Double, Retired
from kanade_host_heartbeat.selecting import select

MANAGE = Permission("agents.manage", Role.OPERATOR)
PAGE, PAGE_AT_MOST, RETIRED_AT_ONCE = 100, 1_000, 1_000

Limit = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
Reason = Annotated[str, msgspec.Meta(max_length=1_000)]


class RetireBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why, for the record. `even_online`: also if its agent runs (docs/fleet.md)."""

    reason: Reason | None = None
    even_online: bool = False


class RenameBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The new id, which no PC has yet."""

    to: str
    reason: Reason | None = None
    even_online: bool = False


class MergeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The PC that stays, and gets what this one has."""

    into: str
    reason: Reason | None = None
    even_online: bool = False


class RetireMany(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which PCs (as `POST /api/fleet/select`), and how many whoever asks takes them to be."""

    expected: int
    filter: AgentFilter | None = None
    names: Names | None = None
    reason: Reason | None = None
    even_online: bool = False


class RetiredMany(msgspec.Struct, frozen=True):
    """Which PCs were retired, and which were not, because they are online or in a move; `unknown`: names
    that no PC has.
    """

    retired: list[str]
    left_out: list[str]
    unknown: list[str]


class RetiredQuery(msgspec.Struct, frozen=True):
    """`q`: part of the pc_id or host name; `after`: the last pc_id of the page before."""

    q: str | None = None
    after: str = ""
    limit: Limit = PAGE


class MovesQuery(msgspec.Struct, frozen=True):
    """`pc_id`: the id that the PC had; `before`: the last number of the page before."""

    pc_id: str | None = None
    before: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 2**63 - 1
    limit: Limit = PAGE


class DoublesQuery(msgspec.Struct, frozen=True):
    """`current=true`: only those with a sign within the last hour."""

    current: bool = False
    limit: Limit = PAGE


async def retire(request: Request) -> Move:
    """The PC is gone for good."""
    return await _leave(request, "retire", None)


async def rename(request: Request) -> Move:
    """The PC has another id now."""
    leaving.check_new_id(request.body.to)
    return await _leave(request, "rename", request.body.to)


async def merge(request: Request) -> Move:
    """The PC and another one are one."""
    return await _leave(request, "merge", request.body.into)


async def _leave(request: Request, kind: Kind, successor: str | None) -> Move:
    asked = Leaving(
        kind, request.path["pc_id"], successor, request.body.reason, request.caller, request.body.even_online
    )
    number = await leaving.leave(request.ctx, asked)
    return await request.ctx.service(MOVES, Moves).finished(number)


async def retire_many(request: Request) -> RetiredMany:
    """Retire every PC of a selection, if it is as large as the caller thinks."""
    body: RetireMany = request.body
    found = await select(request.ctx, body.filter, body.names)
    if len(found.pc_ids) != body.expected:
        raise HttpError(
            409, f"that is {len(found.pc_ids)} PCs, not {body.expected}: look at the selection again"
        )
    if len(found.pc_ids) > RETIRED_AT_ONCE:
        raise HttpError(400, f"at most {RETIRED_AT_ONCE} PCs at once")
    retired, left_out = [], []
    for pc_id in found.pc_ids:
        try:
            asked = Leaving("retire", pc_id, None, body.reason, request.caller, body.even_online)
            await leaving.leave(request.ctx, asked)
        except HttpError as error:
            if error.status not in (404, 409):
                raise
            left_out.append(pc_id)
        else:
            retired.append(pc_id)
    request.ctx.service(MOVES, Moves).asked()
    return RetiredMany(retired, left_out, found.unknown)


async def list_retired(request: Request) -> list[Retired]:
    """PCs that were taken out, by pc_id."""
    query: RetiredQuery = request.query
    return await records.retired(request.ctx, query.q, query.after, min(query.limit, PAGE_AT_MOST))


async def clear_retired(request: Request) -> None:
    """Forget that the PC was taken out; its warning goes."""
    await records.clear(request, "heartbeat_retired", "agent_retired_clear")


async def list_moves(request: Request) -> list[Move]:
    """What was asked for, the newest first, with each plugin's part."""
    query: MovesQuery = request.query
    return await moves.newest(request.ctx, query.pc_id, query.before, min(query.limit, PAGE_AT_MOST))


async def one_move(request: Request) -> Move:
    """One of them."""
    return await moves.one(request.ctx, _number(request))


async def repeat_move(request: Request) -> Move:
    """Every plugin does its part again."""
    number = _number(request)
    await moves.repeat(request, number)
    return await request.ctx.service(MOVES, Moves).finished(number)


def _number(request: Request) -> int:
    text = request.path["id"]
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise HttpError(404, f"there is no move {text[:40]}")
    return int(text)


async def list_doubles(request: Request) -> list[Double]:
    """Ids that two PCs seem to use, the latest sign first."""
    query: DoublesQuery = request.query
    return await records.doubles(request.ctx, query.current, min(query.limit, PAGE_AT_MOST))


async def clear_double(request: Request) -> None:
    """Forget the signs; new ones bring the warning back."""
    await records.clear(request, "heartbeat_doubles", "agent_doubled_clear")


_PC = "/api/fleet/pcs/{pc_id}"
_ERRORS = {
    400: "an id cannot be used; the text says why",
    404: "no such PC",
    409: "the PC is online, or an id is taken or in a move; the text says which",
}

ROUTES = (
    Route(
        "POST",
        _PC + "/retire",
        retire,
        MANAGE,
        "Take a PC out for good: its row goes aside, its groups, configuration and durable go",
        request=RetireBody,
        response=Move,
        audits=("agent_retire",),
        errors=_ERRORS,
    ),
    Route(
        "POST",
        _PC + "/rename",
        rename,
        MANAGE,
        "Give what a PC has to a new id",
        request=RenameBody,
        response=Move,
        audits=("agent_rename",),
        errors=_ERRORS,
    ),
    Route(
        "POST",
        _PC + "/merge",
        merge,
        MANAGE,
        "Give what a PC has to another PC, where that has nothing of its own",
        request=MergeBody,
        response=Move,
        audits=("agent_merge",),
        errors=_ERRORS,
    ),
    Route(
        "POST",
        "/api/fleet/retire",
        retire_many,
        MANAGE,
        "Retire every PC of a filter or a list of names, at most 1,000",
        request=RetireMany,
        response=RetiredMany,
        body_limit=BODY,
        audits=("agent_retire",),
        errors=_ERRORS | {409: "the selection is not as large as expected"},
    ),
    Route(
        "GET",
        "/api/fleet/retired",
        list_retired,
        READ,
        "PCs that were retired, renamed or merged, and whether they are back",
        query=RetiredQuery,
        response=list[Retired],
    ),
    Route(
        "DELETE",
        "/api/fleet/retired/{pc_id}",
        clear_retired,
        MANAGE,
        "Forget that a PC was taken out",
        status=204,
        audits=("agent_retired_clear",),
        errors={404: "it was not"},
    ),
    Route(
        "GET",
        "/api/fleet/moves",
        list_moves,
        READ,
        "PCs that were retired, renamed or merged, with what each plugin did for it",
        query=MovesQuery,
        response=list[Move],
    ),
    Route(
        "GET",
        "/api/fleet/moves/{id}",
        one_move,
        READ,
        "One of them",
        response=Move,
        errors={404: "no such move"},
    ),
    Route(
        "POST",
        "/api/fleet/moves/{id}/repeat",
        repeat_move,
        MANAGE,
        "Let every plugin do its part again, after a rebuild from streams that know the old id",
        response=Move,
        audits=("agent_move_repeat",),
        errors={404: "no such move", 409: "the old id is in use again"},
    ),
    Route(
        "GET",
        "/api/fleet/doubles",
        list_doubles,
        READ,
        "Ids that two PCs seem to use",
        query=DoublesQuery,
        response=list[Double],
    ),
    Route(
        "DELETE",
        "/api/fleet/doubles/{pc_id}",
        clear_double,
        MANAGE,
        "Forget the signs that two PCs use an id",
        status=204,
        audits=("agent_doubled_clear",),
        errors={404: "there are none"},
    ),
)
