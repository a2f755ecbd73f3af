"""Put on record what was seen and what nobody said for a while.

The wait is counted from when this process first looked at a change, so that after a time of being down the
records of the same time are read first; and nothing is recorded before all records have been read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from kanade_host.plugin import ApiError, BrokerUnavailable, Context, Instant, Tx, audit
from kanade_host_witness.sources import AUDIT_DURABLE, AUDIT_STREAM

CHUNK = 500
PATIENCE_SECONDS = 600.0
"""For records that cannot be read: then one too many is better than none."""
ACTOR, SOURCE = "unknown", "broker"
"""Who it was the broker does not tell."""

WAITING = "SELECT id FROM witness_changes ORDER BY id LIMIT ?"


class Recorder:
    """Remembers since when each change has been waiting."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._since: dict[int, float] = {}

    async def run(self) -> int:
        """Record what is due; how many records were made."""
        total = 0
        while made := await self._some():
            total += made
        return total

    async def _some(self) -> int:
        rows = await self._ctx.query(WAITING, (CHUNK,))
        now = self._ctx.clock.monotonic()
        self._since = {row[0]: self._since.get(row[0], now) for row in rows}
        waited = {id: now - since for id, since in self._since.items()}
        due = [id for id, seconds in waited.items() if seconds >= self._ctx.settings.wait_seconds]
        if not due or not (await self._all_heard() or max(waited.values()) >= PATIENCE_SECONDS):
            return 0
        return await self._ctx.write(lambda tx: record(tx, due))

    async def _all_heard(self) -> bool:
        """Whether every record that the broker has was read."""
        try:
            info = await self._ctx.bus.api(f"CONSUMER.INFO.{AUDIT_STREAM}.{AUDIT_DURABLE}")
        except (BrokerUnavailable, ApiError):
            return False
        return not info["num_pending"] and not info["num_ack_pending"]


def record(tx: Tx, ids: Sequence[int]) -> int:
    """One audit record for each change that still waits."""
    made = 0
    for id in ids:
        row = tx.execute(
            "DELETE FROM witness_changes WHERE id = ? RETURNING source, at_ns, action, target, payload", (id,)
        ).fetchone()
        if row is None:
            continue
        payload: dict[str, Any] = json.loads(row["payload"]) | {"source": SOURCE, "outcome": "done"}
        at = Instant.from_ns(row["at_ns"])
        audit(tx, at, row["action"], row["target"], payload, actor=ACTOR, id=f"witness-{row['source']}")
        made += 1
    return made
