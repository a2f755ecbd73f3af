"""Answers of the lists: a page of rows with its total, counts by value, the PCs, an export."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from kanade_host.plugin import Context, ExportFormat, Instant, Response, exported
from kanade_host_inventory.cells import Cell, shown
from kanade_host_inventory.search import Query
from kanade_host_inventory.selecting import (
    COUNTS_AT_MOST,
    EXPORT_AT_MOST,
    PCS_AT_MOST,
    TOTAL_AT_MOST,
    Selection,
)
from kanade_host_inventory.tables import Column

_ROWS_OF_A_CHUNK = 500


class Row(msgspec.Struct, frozen=True):
    """One row; `values` stand in the order of the columns."""

    pc_id: str
    collected_at: str | None
    values: list[Cell]


class Rows(msgspec.Struct, frozen=True):
    """A page. With `more`, `total` is where counting ended."""

    columns: list[Column]
    total: int
    more: bool
    rows: list[Row]


class Count(msgspec.Struct, frozen=True):
    """One value, null where rows have none."""

    value: Cell
    rows: int
    pcs: int


class Counts(msgspec.Struct, frozen=True):
    """The most frequent first; with `more`, there are further values."""

    column: str
    more: bool
    counts: list[Count]


class Pcs(msgspec.Struct, frozen=True):
    """In byte order; with `more`, there are further ones."""

    pcs: list[str]
    more: bool


async def page(ctx: Context, selected: Selection, query: Query) -> Rows:
    """One page and the total."""
    found = await ctx.query(*selected.rows(query))
    total: int = (await ctx.query(*selected.total()))[0][0]
    kinds = _kinds(selected)
    rows = [Row(row[0], _wire(row[1]), _cells(kinds, row)) for row in found]
    return Rows(list(selected.source.columns), min(total, TOTAL_AT_MOST), total > TOTAL_AT_MOST, rows)


async def counts(ctx: Context, selected: Selection, column: str) -> Counts:
    """Counts by value."""
    found = await ctx.query(*selected.counts(column))
    listed = [Count(_plain(row[0]), row[1], row[2]) for row in found[:COUNTS_AT_MOST]]
    return Counts(column, len(found) > COUNTS_AT_MOST, listed)


async def pcs(ctx: Context, selected: Selection) -> Pcs:
    """The PCs that have such a row."""
    found = await ctx.query(*selected.pcs())
    return Pcs([row[0] for row in found], len(found) == PCS_AT_MOST)


async def export(ctx: Context, selected: Selection, query: Query, kind: ExportFormat) -> Response:
    """What is filtered, as a file."""
    found = await ctx.query(*selected.export(query))
    kinds = _kinds(selected)

    async def chunks() -> AsyncIterator[list[list[Cell]]]:
        for start in range(0, min(len(found), EXPORT_AT_MOST), _ROWS_OF_A_CHUNK):
            part = found[start : min(start + _ROWS_OF_A_CHUNK, EXPORT_AT_MOST)]
            yield [[row[0], _wire(row[1]), *_cells(kinds, row)] for row in part]

    return exported(
        "inventory",
        kind,
        ["pc_id", "collected_at", *(one.field for one in selected.source.columns)],
        chunks(),
        labels=["pc_id", "collected_at", *(one.label for one in selected.source.columns)],
        cut=len(found) > EXPORT_AT_MOST,
    )


def _kinds(selected: Selection) -> list[str | None] | None:
    """Of typed columns, whose cells are shown by their kind; None: as they are."""
    return [one.type for one in selected.source.columns] if selected.source.typed else None


def _cells(kinds: list[str | None] | None, row: Any) -> list[Cell]:
    values = tuple(row)[2:]
    if kinds is None:
        return [_plain(value) for value in values]
    return [shown(kind, value) for kind, value in zip(kinds, values)]


def _plain(value: Any) -> Cell:
    return value if isinstance(value, str | int | float) else None


def _wire(value: Any) -> str | None:
    at = Instant.from_stored(value)
    return None if at is None else at.wire
