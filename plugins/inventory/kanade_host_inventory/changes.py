"""What changed on one PC, whichever job found it: a part of the timeline of a PC."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from kanade_host.plugin import Context, Instant
from kanade_host_inventory.history import Change, Conditions, changes

_SELECT = (
    "SELECT id, pc_id, job_id, field_path, identity_json, change_kind, before_json, after_json, observed_at"
    " FROM inventory_history WHERE {} ORDER BY observed_at DESC, id DESC LIMIT ?"
)
# One scan writes many rows of one moment: a page that ends among them goes on by their ids.
_MOMENT = "coalesce((SELECT last.observed_at FROM inventory_history last WHERE last.id = ?), ?)"
_AFTER = f"(observed_at, id) < ({_MOMENT}, ?)"
_LATEST = "9999-12-31"  # a year alone would be a number to the column

Id = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class ChangesQuery(msgspec.Struct, frozen=True):
    """`before`: only what was observed earlier; with `before_id`, the last row of the page before, also what
    was observed at that moment and comes after that row. `job`: a manifest; `field`: a path of its facts.
    """

    before: Instant | None = None
    before_id: Id | None = None
    since: Instant | None = None
    kind: Literal["added", "removed", "changed"] | None = None
    field: str | None = None
    job: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 100


async def of_any_job(ctx: Context, pc_id: str, query: ChangesQuery) -> list[Change]:
    """Newest first."""
    return await changes(ctx, selected(pc_id, query))


def selected(pc_id: str, query: ChangesQuery) -> tuple[str, list[object]]:
    """The SELECT of a page."""
    found = Conditions("pc_id = ?", pc_id)
    before = _LATEST if query.before is None else query.before.sql_ceiling
    if query.before_id is not None:
        found.add(_AFTER, query.before_id, before, query.before_id)
    else:
        found.add("observed_at < ?", before)
    if query.since is not None:
        found.add("observed_at >= ?", query.since.sql_ceiling)
    # The plus keeps the planner on the index of the PC: it has fewer rows.
    for column, value in (("change_kind", query.kind), ("field_path", query.field), ("job_id", query.job)):
        if value:
            found.add(f"+{column} = ?", value)
    return _SELECT.format(found.where), [*found.values, query.limit]
