"""The sums of a PC that gets another id, added to those that its new id has already."""

from __future__ import annotations

from collections.abc import Sequence

from kanade_host.plugin import Context, Tx
from kanade_host_perf.rollups import HOST_PARTS, HOST_WIDTHS

CHUNK = 500
# By time first: one look into the primary key for each bucket that any PC has.
BUCKETS = (
    "WITH RECURSIVE times(at) AS (SELECT min(bucket) FROM perf_host_rollups WHERE width = ?1 UNION ALL"
    " SELECT (SELECT min(bucket) FROM perf_host_rollups WHERE width = ?1 AND bucket > at) FROM times"
    " WHERE at IS NOT NULL) SELECT at FROM times AS t CROSS JOIN perf_host_rollups AS r"
    " ON r.width = ?1 AND r.bucket = t.at AND r.pc_id = ?2"
)
_COLUMNS = ", ".join(name for name, _, _ in HOST_PARTS)
ADD = (
    f"INSERT INTO perf_host_rollups (width, bucket, pc_id, {_COLUMNS})"
    f" SELECT width, bucket, ?, {_COLUMNS} FROM perf_host_rollups"
    " WHERE width = ? AND bucket = ? AND pc_id = ?"
    f" ON CONFLICT DO UPDATE SET {', '.join(f'{name} = {how}' for name, _, how in HOST_PARTS)}"
)
DELETE = "DELETE FROM perf_host_rollups WHERE width = ? AND bucket = ? AND pc_id = ?"


async def move_sums(ctx: Context, pc_id: str, successor: str) -> int:
    """Move them, a part at a time; how many buckets."""
    moved = 0
    for width in HOST_WIDTHS:
        buckets = [row[0] for row in await ctx.query(BUCKETS, (width, pc_id))]
        for start in range(0, len(buckets), CHUNK):
            moved += await _move(ctx, width, buckets[start : start + CHUNK], (pc_id, successor))
    return moved


async def _move(ctx: Context, width: int, buckets: Sequence[int], ids: tuple[str, str]) -> int:
    pc_id, successor = ids

    def move(tx: Tx) -> int:
        tx.executemany(ADD, [(successor, width, bucket, pc_id) for bucket in buckets])
        tx.executemany(DELETE, [(width, bucket, pc_id) for bucket in buckets])
        tx.changed("perf", pc_id, successor)
        return len(buckets)

    return await ctx.write(move)
