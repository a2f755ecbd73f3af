"""The audit trail as a file: exactly what is filtered, newest first."""

from __future__ import annotations

from collections.abc import AsyncIterator

from kanade_host.plugin import Context, ExportFormat
from kanade_host_audit.search import AuditRecord, Filters, counted, pages

EXPORT_AT_MOST = 100_000
"""Records that an export looks at; what the patterns leave of them is in the file."""
EXPORTED = ("id", "occurred_at", "actor", "action", "target", "outcome", "payload")
Rows = list[tuple[object, ...]]


async def is_cut(ctx: Context, filters: Filters) -> bool:
    """Whether there are older records that the export does not look at."""
    return await counted(ctx, filters, EXPORT_AT_MOST + 1) > EXPORT_AT_MOST


async def rows(ctx: Context, filters: Filters, kind: ExportFormat) -> AsyncIterator[Rows]:
    """Some rows at a time. A payload is a JSON value; in a cell of CSV it is its text."""
    async for records in pages(ctx, filters, EXPORT_AT_MOST):
        yield [_row(record, kind) for record in records]


def _row(record: AuditRecord, kind: ExportFormat) -> tuple[object, ...]:
    payload: object = record.payload if kind == "json" else bytes(record.payload).decode()
    told = (record.id, record.occurred_at, record.actor, record.action, record.target, record.outcome)
    return (*told, payload)
