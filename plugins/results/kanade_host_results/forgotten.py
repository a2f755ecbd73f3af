"""Results that were deleted stay counted: those that may come again are remembered by their ids.

A row's own times tell too little: a run may end, by the broker's clock, days after its row was made, and a
projection that was down for long reads messages that are older than what is kept. An id needs no clock.
A message was in RESULTS before its row was deleted, so it is gone `REMEMBERED_DAYS` after that.
"""

from __future__ import annotations

from collections.abc import Sequence

from kanade_host.plugin import Instant, Tx
from kanade_host_results.chosen import chosen

REMEMBERED_DAYS = 31
"""RESULTS keeps 30 (`contract/wire.md` 3.1)."""
FORGET = (
    "DELETE FROM result_forgotten WHERE result_id IN"
    " (SELECT result_id FROM result_forgotten WHERE at < ? ORDER BY at LIMIT ?)"
)


def forgotten(tx: Tx, keys: Sequence[str]) -> set[str]:
    """Those of the results that were here once."""
    if tx.execute("SELECT 1 FROM result_forgotten LIMIT 1").fetchone() is None:
        return set()
    sql = "SELECT result_id FROM result_forgotten WHERE result_id IN ({})"
    return {row[0] for row in chosen(tx, sql, keys)}


def remember(tx: Tx, rows: Sequence[tuple[str, str | None]], now: Instant) -> None:
    """Rows that are deleted in this transaction: result and execution."""
    tx.executemany(
        "INSERT OR REPLACE INTO result_forgotten (result_id, exec_id, at) VALUES (?, ?, ?)",
        [(*row, now.stored) for row in rows],
    )
