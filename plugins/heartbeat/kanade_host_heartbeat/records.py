"""PCs that were taken out, and ids that two PCs use: rows as answers, and forgetting them."""

from __future__ import annotations

from typing import Any

import msgspec

from kanade_host.plugin import Context, HttpError, Instant, Request, Tx, audit, decode
from kanade_host_heartbeat.doubles import current_since

RETIRED = (
    "SELECT r.*, a.pc_id IS NOT NULL AS back FROM heartbeat_retired r"
    " LEFT JOIN agents a ON a.pc_id = r.pc_id"
    r" WHERE r.pc_id > ? AND (r.pc_id LIKE ? ESCAPE '\' OR r.hostname LIKE ? ESCAPE '\')"
    " ORDER BY r.pc_id LIMIT ?"
)
DOUBLES = (
    "SELECT pc_id, reason, sources, times, first_at, last_at FROM heartbeat_doubles"
    " WHERE last_at >= ? ORDER BY last_at DESC, pc_id LIMIT ?"
)


class Retired(msgspec.Struct, frozen=True):
    """A PC that was taken out of the list. `kind`: retire, rename or merge; `back`: it sends heartbeats
    under this id again, and is in the list.
    """

    pc_id: str
    kind: str
    successor: str | None
    hostname: str | None
    os_family: str | None
    agent_version: str | None
    last_heartbeat: Instant | None
    reason: str | None
    retired_by: str | None
    retired_at: Instant
    back: bool


class Sender(msgspec.Struct, frozen=True):
    """What a sender of heartbeats says of itself."""

    hostname: str | None
    os_family: str | None
    agent_version: str | None


class Double(msgspec.Struct, frozen=True):
    """An id that two PCs seem to use. `reason`: `names` (what they say of themselves alternates) or
    `counters`; `times`: how often; `current`: within the last hour.
    """

    pc_id: str
    reason: str
    sources: list[Sender]
    times: int
    first_at: Instant
    last_at: Instant
    current: bool


async def retired(ctx: Context, q: str | None, after: str, limit: int) -> list[Retired]:
    """A page, by pc_id."""
    text = (q or "").strip().replace("\0", "\ufffd")
    pattern = "%" + text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
    return [
        Retired(
            pc_id=row["pc_id"],
            kind=row["kind"],
            successor=row["successor"],
            hostname=row["hostname"],
            os_family=row["os_family"],
            agent_version=row["agent_version"],
            last_heartbeat=Instant.from_stored(row["last_heartbeat"]),
            reason=row["reason"],
            retired_by=row["retired_by"],
            retired_at=Instant(row["retired_at"]),
            back=bool(row["back"]),
        )
        for row in await ctx.query(RETIRED, (after, pattern, pattern, limit))
    ]


async def doubles(ctx: Context, current: bool, limit: int) -> list[Double]:
    """The latest sign first."""
    since = current_since(ctx.clock.now())
    return [
        Double(
            pc_id=row["pc_id"],
            reason=row["reason"],
            sources=decode(list[Sender], row["sources"].encode()),
            times=row["times"],
            first_at=Instant(row["first_at"]),
            last_at=Instant(row["last_at"]),
            current=row["last_at"] >= since,
        )
        for row in await ctx.query(DOUBLES, (since if current else "", limit))
    ]


async def clear(request: Request, table: str, action: str) -> None:
    """Delete the row of a PC in one of these tables, and record that."""
    pc_id, at = request.path["pc_id"], request.ctx.clock.now()

    def work(tx: Tx) -> Any:
        if not tx.execute(f"DELETE FROM {table} WHERE pc_id = ?", (pc_id,)).rowcount:
            raise HttpError(404, f"there is nothing of the kind about `{pc_id}`")
        audit(tx, at, action, pc_id, caller=request.caller)
        tx.changed("agents", pc_id)

    await request.ctx.write(work)
