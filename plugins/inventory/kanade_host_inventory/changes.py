"""What changed on one PC, whichever job found it: a part of the timeline of a PC."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kanade_host.plugin import Context, Instant
from kanade_host_inventory.history import Change, changes

OF_PC = (
    "SELECT id, pc_id, job_id, field_path, identity_json, change_kind, before_json, after_json, observed_at"
    " FROM inventory_history WHERE pc_id = ? AND observed_at < ? ORDER BY observed_at DESC, id DESC LIMIT ?"
)
_LATEST = "9999-12-31"  # a year alone would be a number to the column


class ChangesQuery(msgspec.Struct, frozen=True):
    """`before`: only what was observed earlier."""

    before: Instant | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 100


async def of_any_job(ctx: Context, pc_id: str, query: ChangesQuery) -> list[Change]:
    """Newest first."""
    before = _LATEST if query.before is None else query.before.sql_ceiling
    return await changes(ctx, (OF_PC, [pc_id, before, query.limit]))
