"""What helps with tables: exports, rebuilds, rows of a PC that has a new id."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, assert_type

from kanade_host.plugin import (
    Context,
    ExportFormat,
    Migrations,
    Reach,
    Rebuild,
    Request,
    Response,
    Tx,
    export_format,
    exported,
    in_parts,
    marked,
    move_rows,
)


async def chunks() -> AsyncIterator[Sequence[Sequence[Any]]]:
    """Rows, some at a time."""
    yield [("pc-1", 1)]


async def export(request: Request) -> Response:
    """A file of rows."""
    kind: ExportFormat = export_format(request.query.get("format"))
    return exported("seen", kind, ("pc_id", "n"), chunks(), labels=("PC", "Number"), cut=False)


def carry(tx: Tx, reach: Reach) -> None:
    """Bring over what the stream no longer has."""
    before = reach.begins["tour.seen"].stored
    tx.execute("INSERT INTO tour_seen SELECT * FROM live.tour_seen WHERE at < ?", (before,))


MIGRATIONS = Migrations(Path("migrations"), rebuild=Rebuild(carry=carry))


async def moved(ctx: Context) -> None:
    """A PC has another id now."""
    assert_type(
        await in_parts(ctx, lambda tx, most: tx.execute("DELETE FROM tour_seen LIMIT ?", (most,)).rowcount),
        int,
    )
    assert_type(marked({"x-tour": "1"}), dict[str, str])
    assert_type(await move_rows(ctx, "tour_seen", "pc-1", "pc-2", topic="tour"), int)
