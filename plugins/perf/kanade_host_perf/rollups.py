"""Sums of samples, kept in step with the samples themselves (`docs/decisions/performance-roll-ups.md`).

Rows of `host_perf_samples` are added up once each, in the order of their row numbers: a sample that comes
late has a new number, a repeated one has none. So the position is one number, and whatever lies above it
(an existing installation, rows of kanade-backend) is added in the background by the same statement.
"""

from __future__ import annotations

from collections.abc import Sequence

from kanade_host.plugin import Context, Tx, in_parts
from kanade_host_perf.metrics import FLEET_COLUMNS, HOST_COLUMNS
from kanade_host_perf.windows import SECONDS

HOST_WIDTHS = (3_600, 300)
FLEET_WIDTHS = (3_600, 60, 10)
"""Seconds of a bucket, the widest first; each divides the one before it."""
LIVE_ROWS = 4_000
"""Samples that are added with the batch that brought them: more than any batch has."""

POSITION = "SELECT last FROM perf_rolled"
NEWEST = "SELECT coalesce(max(rowid), 0) FROM host_perf_samples"
BEHIND = f"SELECT ({POSITION}) < ({NEWEST})"


def _adding(table: str, width: int, keys: Sequence[str], parts: Sequence[tuple[str, str, str]]) -> str:
    """Add the samples between two row numbers. `parts`: a column, how it is made, how it is added."""
    columns = ", ".join(("width", "bucket", *keys, *(name for name, _, _ in parts)))
    made = ", ".join(
        (str(width), f"{SECONDS} / {width} * {width} AS bucket", *keys, *(how for _, how, _ in parts))
    )
    added = ", ".join(f"{name} = {how}" for name, _, how in parts)
    grouped = ", ".join(("bucket", *keys))
    return (
        f"INSERT INTO {table} ({columns}) SELECT {made} FROM host_perf_samples"
        f" WHERE rowid > ? AND rowid <= ? AND {SECONDS} IS NOT NULL GROUP BY {grouped}"
        f" ON CONFLICT DO UPDATE SET {added}"
    )


def _sums(column: str) -> list[tuple[str, str, str]]:
    count, total = f"n_{column}", f"s_{column}"
    return [
        (count, f"count({column})", f"{count} + excluded.{count}"),
        (total, f"total({column})", f"{total} + excluded.{total}"),
    ]


def _largest(column: str) -> tuple[str, str, str]:
    name = f"x_{column}"
    more = f"coalesce(max({name}, excluded.{name}), {name}, excluded.{name})"
    return (name, f"max({column})", more)


HOST_PARTS = [part for column in HOST_COLUMNS for part in _sums(column)]
_FLEET_PARTS = [part for column in FLEET_COLUMNS for part in (*_sums(column), _largest(column))]
ADDING = (
    *(_adding("perf_host_rollups", width, ("pc_id",), HOST_PARTS) for width in HOST_WIDTHS),
    *(_adding("perf_fleet_rollups", width, (), _FLEET_PARTS) for width in FLEET_WIDTHS),
)


def note_removed(tx: Tx) -> None:
    """Before rows are written: where the newest were deleted, their numbers are given out again."""
    tx.execute(f"UPDATE perf_rolled SET last = ({NEWEST}) WHERE last > ({NEWEST})")


def add(tx: Tx, most: int) -> int:
    """Add up to `most` samples that are not in the sums yet; how many row numbers were passed."""
    last, newest = tx.execute(f"SELECT ({POSITION}), ({NEWEST})").fetchone()
    upto = min(newest, last + most)
    if upto <= last:
        return 0
    for statement in ADDING:
        tx.execute(statement, (last, upto))
    tx.execute("UPDATE perf_rolled SET last = ?", (upto,))
    return int(upto - last)


async def catch_up(ctx: Context) -> int:
    """Add what lies behind the live samples; how many."""
    if await in_step(ctx):
        return 0

    def step(tx: Tx, most: int) -> int:
        tx.changed("perf")
        return add(tx, most)

    return await in_parts(ctx, step)


async def in_step(ctx: Context) -> bool:
    """Whether all samples are in the sums, so that answers may be made of them."""
    [row] = await ctx.query(BEHIND)
    return not row[0]
