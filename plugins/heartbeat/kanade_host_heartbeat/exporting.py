"""The list as a file, row for row as it is filtered and sorted, at constant memory."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Sequence

from kanade_host.plugin import Context, Instant, Response, encode
from kanade_host_heartbeat.conditions import Where
from kanade_host_heartbeat.listing import FleetAgent, Page, page
from kanade_host_heartbeat.sorting import Ordering

PAGE = 1_000
ATTRIBUTE_COLUMNS = 500
NAMES = f"SELECT DISTINCT name FROM heartbeat_attributes ORDER BY name LIMIT {ATTRIBUTE_COLUMNS}"
COLUMNS = (
    "pc_id",
    "hostname",
    "os_family",
    "agent_version",
    "last_heartbeat",
    "received_at",
    "online",
    "state",
    "groups",
    "agent_cpu_pct",
    "agent_rss_bytes",
    "agent_disk_read_bytes",
    "agent_disk_written_bytes",
    "warnings",
)
_FORMULA = re.compile(r"[=+\-@\t\r]")


async def export(ctx: Context, where: Where, by: Ordering, format: str) -> Response:
    """The answer. The first page is read before it begins, so that what is wrong is an error."""
    first = await page(ctx, where, by, PAGE, None)
    headers = {"content-disposition": f'attachment; filename="agents.{format}"'}
    if format == "json":
        return Response(_json(ctx, where, by, first), 200, "application/json", headers)
    attributes = [row[0] for row in await ctx.query(NAMES)]
    chunks = _csv(ctx, where, by, first, attributes)
    return Response(chunks, 200, "text/csv; charset=utf-8", headers)


async def _pages(ctx: Context, where: Where, by: Ordering, first: Page) -> AsyncIterator[Page]:
    while True:
        yield first
        if first.next is None:
            return
        first = await page(ctx, where, by, PAGE, first.next)


async def _json(ctx: Context, where: Where, by: Ordering, first: Page) -> AsyncIterator[bytes]:
    before = b"["
    async for one in _pages(ctx, where, by, first):
        if one.items:
            yield before + encode(one.items)[1:-1]
            before = b","
    yield b"[]" if before == b"[" else b"]"


async def _csv(
    ctx: Context, where: Where, by: Ordering, first: Page, attributes: Sequence[str]
) -> AsyncIterator[bytes]:
    """With a byte order mark, without which a spreadsheet takes it for another encoding."""
    yield b"\xef\xbb\xbf" + _lines([[*COLUMNS, *(f"attribute.{name}" for name in attributes)]])
    async for one in _pages(ctx, where, by, first):
        yield _lines([_cells(agent, attributes) for agent in one.items])


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def _cells(agent: FleetAgent, attributes: Sequence[str]) -> list[str]:
    own = {name: getattr(agent, name) for name in COLUMNS}
    own["groups"] = " ".join(agent.groups)
    own["warnings"] = " ".join(one.code for one in agent.warnings)
    return [*map(cell, own.values()), *(cell(agent.attributes.get(name)) for name in attributes)]


def cell(value: object) -> str:
    """A value as text. What a spreadsheet would take for a formula gets an apostrophe before it: host
    names come from PCs, and whoever opens the file should not run what they say.
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Instant():
            return value.wire
        case str():
            return "'" + value if _FORMULA.match(value) else value
        case _:
            return str(value)
