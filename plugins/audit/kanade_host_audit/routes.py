"""HTTP: the audit trail (`contract/http-fleet.md` 5.3)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from kanade_host.plugin import (
    I64,
    U32,
    HttpError,
    Instant,
    KanadeError,
    Permission,
    Request,
    Response,
    Role,
    Route,
    encode,
)
from kanade_host.plugin.patterns import pattern
from kanade_host_audit.search import COLUMNS, AuditRecord, Filters, search

READ = Permission("audit.read", Role.VIEWER)
MOST = 10_000
"""Records of one answer; upstream has no bound, no client asks for more."""


class AuditQuery(msgspec.Struct, frozen=True):
    """`actor` is compared, `action`, `target` and `payload` are patterns; empty ones are none.

    `before` is our addition: only records older than the one with that id, for the next page.
    """

    limit: U32 = 50
    actor: str | None = None
    action: str | None = None
    target: str | None = None
    payload: str | None = None
    since: Instant | None = None
    before: I64 | None = None


async def list_audit(request: Request) -> list[AuditRecord] | Response:
    """The newest records that pass. A search that ran out of time says so in `x-kanade-incomplete`."""
    query: AuditQuery = request.query
    patterns = {name: found for name in COLUMNS if (found := pattern(getattr(query, name))) is not None}
    limit = min(query.limit, MOST)
    if limit == 0:
        return []
    try:
        answer = await search(request.ctx, Filters(query.actor, query.since, patterns), limit, query.before)
    except (KanadeError, sqlite3.Error) as error:
        request.ctx.log.warning("the audit trail cannot be listed", error=str(error))
        raise HttpError(500, "list audit failed") from error
    if answer.complete:
        return answer.records
    return Response(
        encode(answer.records), content_type="application/json", headers={"x-kanade-incomplete": "time"}
    )


def routes() -> Sequence[Route]:
    """The plugin's routes."""
    return [
        Route(
            "GET",
            "/api/audit",
            list_audit,
            READ,
            "The newest audit records, filtered by actor, time and patterns",
            query=AuditQuery,
            response=list[AuditRecord],
            fresh=("audit",),
            errors={400: "invalid regex `…`: …", 500: "list audit failed"},
            tags=("audit",),
        )
    ]
