"""Who is online: heard within three of its own heartbeat intervals, by the time of receipt.

Active, stale and the scheduler's expected PCs keep upstream's rule (two minutes by the agent's clock). A
PC that beats every ten minutes is never active by it, and one whose clock is wrong neither.

An interval comes from the layered configuration, which is the fleet plugin's. So that SQL can compare, the
intervals that are not the agents' own are kept in a table, and follow changes within seconds.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from kanade_host.plugin import Context, Instant, KanadeError, Tx

if TYPE_CHECKING:
    from kanade_host_fleet.api import HeartbeatIntervals

INTERVALS = "fleet.intervals"
DEFAULT_SECONDS = 30.0
BEATS = 3
LOOK_SECONDS = 2.0
SECONDS_AT_MOST = 10_000_000.0

ONLINE = (
    "(a.updated_at >= CASE WHEN i.seconds IS NULL THEN ?"
    f" ELSE strftime('%Y-%m-%d %H:%M:%S', ?, (-{BEATS} * i.seconds) || ' seconds') END)"
)
"""An SQL condition over `agents a LEFT JOIN heartbeat_intervals i`; its parameters: `cutoffs(now)`."""

_MARK = "SELECT count(*), max(rowid) FROM agents"
_KNOWN = "SELECT pc_id FROM agents"
_STORED = "SELECT pc_id, seconds FROM heartbeat_intervals"
_FORGET = "DELETE FROM heartbeat_intervals WHERE pc_id = ?"
_KEEP = (
    "INSERT INTO heartbeat_intervals (pc_id, seconds) VALUES (?, ?)"
    " ON CONFLICT (pc_id) DO UPDATE SET seconds = excluded.seconds"
)


def cutoffs(now: Instant) -> tuple[str, str]:
    """The parameters of `ONLINE`."""
    return (now - BEATS * DEFAULT_SECONDS).sql, now.sql


class Intervals:
    """Keeps the table as the configuration says."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._seen: object = None

    async def run(self) -> None:
        """The task: as long as the plugin runs."""
        while True:
            try:
                await self.look()
            except KanadeError as error:
                self._seen = None
                self._ctx.log.warning("heartbeat intervals could not be followed", reason=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> int:
        """Compare, if the configuration or the PCs changed; answers how many rows were written."""
        configured: HeartbeatIntervals | None = self._ctx.find(INTERVALS)
        mark = tuple((await self._ctx.query(_MARK))[0])
        seen = (mark, None if configured is None else configured.version())
        if seen == self._seen:
            return 0
        known = [row[0] for row in await self._ctx.query(_KNOWN)]
        wanted = {} if configured is None else configured.seconds(known)
        stored = {row[0]: row[1] for row in await self._ctx.query(_STORED)}
        changes = self._changes(wanted, stored)
        if changes:
            await self._ctx.write(lambda tx: _write(tx, changes))
        self._seen = seen
        return len(changes)

    def _changes(self, wanted: dict[str, float], stored: dict[str, Any]) -> list[tuple[str, float | None]]:
        bounded = {pc_id: min(seconds, SECONDS_AT_MOST) for pc_id, seconds in wanted.items()}
        kept = [(pc_id, seconds) for pc_id, seconds in bounded.items() if stored.get(pc_id) != seconds]
        return [*kept, *((pc_id, None) for pc_id in stored if pc_id not in bounded)]


def _write(tx: Tx, changes: list[tuple[str, float | None]]) -> None:
    tx.executemany(_FORGET, [(pc_id,) for pc_id, seconds in changes if seconds is None])
    tx.executemany(_KEEP, [change for change in changes if change[1] is not None])
    tx.changed("agents")
