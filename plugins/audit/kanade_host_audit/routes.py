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
    export_format,
    exported,
)
from kanade_host.plugin.patterns import pattern
from kanade_host_audit import exporting
from kanade_host_audit.search import COLUMNS, AuditRecord, Filters, search

READ = Permission("audit.read", Role.VIEWER)
MOST = 10_000
"""Records of one answer; upstream has no bound, no client asks for more."""


class AuditQuery(msgspec.Struct, frozen=True):
    """`actor` is compared, `action`, `target` and `payload` are patterns; empty ones are none.

    `before` and `id` are our additions: only records older than the one with that id, for the next page; and
    that record alone.
    """

    limit: U32 = 50
    actor: str | None = None
    action: str | None = None
    target: str | None = None
    payload: str | None = None
    since: Instant | None = None
    before: I64 | None = None
    id: I64 | None = None


class AuditExportQuery(msgspec.Struct, frozen=True):
    """The same filter, without pages. `format`: csv (the default) or json."""

    format: str | None = None
    actor: str | None = None
    action: str | None = None
    target: str | None = None
    payload: str | None = None
    since: Instant | None = None


async def list_audit(request: Request) -> list[AuditRecord] | Response:
    """The newest records that pass. A search that ran out of time says so in `x-kanade-incomplete`."""
    query: AuditQuery = request.query
    filters = _filters(query, query.id)
    limit = min(query.limit, MOST)
    if limit == 0:
        return []
    try:
        answer = await search(request.ctx, filters, limit, query.before)
    except (KanadeError, sqlite3.Error) as error:
        request.ctx.log.warning("the audit trail cannot be listed", error=str(error))
        raise HttpError(500, "list audit failed") from error
    if answer.complete:
        return answer.records
    return Response(
        encode(answer.records), content_type="application/json", headers={"x-kanade-incomplete": "time"}
    )


async def export_audit(request: Request) -> Response:
    """GET /api/audit/export."""
    query: AuditExportQuery = request.query
    kind = export_format(query.format)
    filters = _filters(query)
    cut = await exporting.is_cut(request.ctx, filters)
    found = exporting.rows(request.ctx, filters, kind)
    return exported("audit", kind, exporting.EXPORTED, found, cut=cut)


def _filters(query: AuditQuery | AuditExportQuery, id: int | None = None) -> Filters:
    patterns = {name: found for name in COLUMNS if (found := pattern(getattr(query, name))) is not None}
    return Filters(query.actor, query.since, patterns, id)


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
        ),
        Route(
            "GET",
            "/api/audit/export",
            export_audit,
            READ,
            f"The filtered audit records as a file, csv or json, of the newest {exporting.EXPORT_AT_MOST}",
            query=AuditExportQuery,
            errors={400: "invalid regex `…`: …, or no such format"},
            tags=("audit",),
        ),
    ]
