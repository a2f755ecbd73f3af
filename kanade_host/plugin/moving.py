"""Giving the rows of one PC to another id, without holding the one writer for long."""

from __future__ import annotations

from kanade_host.plugin.context import Context
from kanade_host.plugin.json import encode
from kanade_host.plugin.subscriptions import Tx

CHUNK = 1_000
_PAGE = 50_000


async def move_rows(ctx: Context, table: str, old: str, new: str, *, topic: str | None = None) -> int:
    """Set `pc_id` of the plugin's own `table` from `old` to `new`; answers how many rows were moved.

    A row that `new` has already (by a unique key) stays, and that of `old` goes. An index that begins
    with `pc_id` should exist. Safe to repeat. `topic` is told as changed where something moved.
    """
    moved = 0
    while True:
        rows = await ctx.query(f"SELECT rowid FROM {table} WHERE pc_id = ? LIMIT {_PAGE}", (old,))
        if not rows:
            return moved
        for begin in range(0, len(rows), CHUNK):
            ids = encode([row[0] for row in rows[begin : begin + CHUNK]]).decode()
            moved += await ctx.write(lambda tx, ids=ids: _move(tx, table, old, new, ids, topic))  # type: ignore[misc]


def _move(tx: Tx, table: str, old: str, new: str, ids: str, topic: str | None) -> int:
    among = "rowid IN (SELECT value FROM json_each(?)) AND pc_id = ?"
    moved = tx.execute(f"UPDATE OR IGNORE {table} SET pc_id = ? WHERE {among}", (new, ids, old)).rowcount
    tx.execute(f"DELETE FROM {table} WHERE {among}", (ids, old))
    if topic is not None:
        tx.changed(topic, old, new)
    return moved
