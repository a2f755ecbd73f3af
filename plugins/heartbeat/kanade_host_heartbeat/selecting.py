"""From a filter, or a list of names, or both, to PCs: for pickers, fires and groups."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kanade_host.plugin import Context, HttpError, encode
from kanade_host_heartbeat.api import Selected
from kanade_host_heartbeat.conditions import FROM, where
from kanade_host_heartbeat.filters import AgentFilter, Names, from_json
from kanade_host_heartbeat.names import Resolved, resolve

SELECTED_AT_MOST = 100_000


class SelectBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`filter`, `names` or both; an empty filter is everybody. `names`: pc_ids or host names."""

    filter: AgentFilter | None = None
    names: Names | None = None


class Selection(msgspec.Struct, frozen=True):
    """Which PCs those are, in byte order, and which names are none of them."""

    total: int
    matched: list[str]
    unknown: list[str]
    ambiguous: dict[str, list[str]]
    left_out: list[str]


async def select(ctx: Context, asked: AgentFilter | None, names: Sequence[str] | None) -> Selected:
    """The PCs. Raises `HttpError` 400, `StoreUnavailable`."""
    if asked is None and names is None:
        raise HttpError(400, "select: give `filter`, `names` or both; an empty filter selects every PC")
    named = Resolved() if names is None else await resolve(ctx, names)
    found = await where(ctx, asked or AgentFilter())
    if names is not None:
        found.among("a.pc_id", named.pc_ids)
    sql = f"SELECT a.pc_id {FROM} {found.sql} ORDER BY a.pc_id LIMIT {SELECTED_AT_MOST + 1}"
    pc_ids = [row[0] for row in await ctx.query(sql, found.values)]
    if len(pc_ids) > SELECTED_AT_MOST:
        raise HttpError(400, f"select: more than {SELECTED_AT_MOST} PCs; narrow the filter")
    inside = set(pc_ids)
    return Selected(
        pc_ids,
        [*named.unknown, *found.named.unknown],
        named.ambiguous | found.named.ambiguous,
        [pc_id for pc_id in named.pc_ids if pc_id not in inside],
    )


class FleetSelection:
    """The service `heartbeat.selection`."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    def checked(self, filter: Mapping[str, Any]) -> dict[str, Any]:
        shortest: dict[str, Any] = json.loads(encode(from_json(filter)))
        return shortest

    async def select(
        self, filter: Mapping[str, Any] | None = None, names: Sequence[str] | None = None
    ) -> Selected:
        return await select(self._ctx, None if filter is None else from_json(filter), names)
