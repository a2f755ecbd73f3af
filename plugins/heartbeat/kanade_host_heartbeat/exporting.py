"""The list as a file, row for row as it is filtered and sorted, at constant memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from kanade_host.plugin import Context, ExportFormat, Instant, Response, exported
from kanade_host_heartbeat.conditions import Where
from kanade_host_heartbeat.listing import FleetAgent, Page, page
from kanade_host_heartbeat.sorting import Ordering

PAGE = 1_000
ATTRIBUTE_COLUMNS = 500
NAMES = f"SELECT DISTINCT name FROM heartbeat_attributes ORDER BY name LIMIT {ATTRIBUTE_COLUMNS}"
FIELDS = FleetAgent.__struct_fields__
COLUMNS = tuple(name for name in FIELDS if name not in ("groups", "attributes", "warnings"))


async def export(ctx: Context, where: Where, by: Ordering, kind: ExportFormat) -> Response:
    """The answer. The first page is read before it begins, so that what is wrong is an error.

    JSON has the objects of the list. CSV has a column for each attribute.
    """
    first = await page(ctx, where, by, PAGE, None)
    if kind == "json":
        return exported("agents", kind, FIELDS, _objects(ctx, where, by, first))
    names = [row[0] for row in await ctx.query(NAMES)]
    columns = [*COLUMNS, "groups", "warnings", *(f"attribute.{name}" for name in names)]
    return exported("agents", kind, columns, _lines(ctx, where, by, first, names))


async def _pages(ctx: Context, where: Where, by: Ordering, one: Page) -> AsyncIterator[list[FleetAgent]]:
    yield one.items
    while one.next is not None:
        one = await page(ctx, where, by, PAGE, one.next)
        yield one.items


async def _objects(
    ctx: Context, where: Where, by: Ordering, first: Page
) -> AsyncIterator[list[list[object]]]:
    async for agents in _pages(ctx, where, by, first):
        yield [[getattr(agent, name) for name in FIELDS] for agent in agents]


async def _lines(
    ctx: Context, where: Where, by: Ordering, first: Page, names: Sequence[str]
) -> AsyncIterator[list[list[object]]]:
    async for agents in _pages(ctx, where, by, first):
        yield [_cells(agent, names) for agent in agents]


def _cells(agent: FleetAgent, names: Sequence[str]) -> list[object]:
    cells = [_cell(getattr(agent, name)) for name in COLUMNS]
    groups, warnings = " ".join(agent.groups), " ".join(one.code for one in agent.warnings)
    return [*cells, groups, warnings, *(agent.attributes.get(name) for name in names)]


def _cell(value: object) -> object:
    match value:
        case bool():
            return "true" if value else "false"
        case Instant():
            return value.wire
        case _:
            return value
