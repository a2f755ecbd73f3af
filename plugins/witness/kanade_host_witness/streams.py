"""Notice that a whole stream, bucket or store is gone, also when it was made anew at once or we were away.

The broker tells of deleted streams, but only who listens, once, and not always: it ends the stream's own
sender right after it has handed the news to it. So what tells is the moment at which a stream was made:
another one, or none, means that the stream of before was deleted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from kanade_host.plugin import ApiError, BrokerUnavailable, Context, Tx
from kanade_host_witness import changes
from kanade_host_witness.projector import saw
from kanade_host_witness.sources import STREAMS

STREAM_NOT_FOUND = 10059


class Streams:
    """Knows of each stream of the wire contract when it was made."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._last: Mapping[str, str] | None = None
        self._absent: frozenset[str] = frozenset()

    async def look(self) -> int:
        """Compare with the last look; how many streams are gone."""
        try:
            there = await self._made()
        except (BrokerUnavailable, ApiError):
            return 0  # who cannot be asked has lost nothing
        self._absent = STREAMS - there.keys()
        if there == self._last:
            return 0
        at = self._ctx.clock.now().ns
        lost = await self._ctx.write(lambda tx: compare(tx, there, at))
        self._last = there
        return lost

    async def _made(self) -> dict[str, str]:
        """When each was made, by name; the host itself deletes none."""
        found = await self._listed()
        for name in sorted(STREAMS - found.keys() - self._absent):
            made = await self._made_at(name)
            if made is not None:
                found[name] = made
        return found

    async def _listed(self) -> dict[str, str]:
        """Nearly all, in a call or two. Each page is cut anew, so where a stream goes in between, one that is
        there is passed over; and a cluster lists none that has no leader at the moment.
        """
        found: dict[str, str] = {}
        offset = 0
        while True:
            page = await self._ctx.bus.api("STREAM.LIST", json.dumps({"offset": offset}).encode())
            rows = page.get("streams") or []
            offset += len(rows)
            found |= {row["config"]["name"]: row["created"] for row in rows}
            if not rows or offset >= page["total"]:
                return {name: made for name, made in found.items() if name in STREAMS}

    async def _made_at(self, name: str) -> str | None:
        try:
            made: str = (await self._ctx.bus.api(f"STREAM.INFO.{name}"))["created"]
        except ApiError as error:
            if error.err_code == STREAM_NOT_FOUND:
                return None
            raise
        return made


def compare(tx: Tx, there: Mapping[str, str], at_ns: int) -> int:
    """A change for each stream that is not there any more, whether or not another has its name now."""
    before: dict[str, str] = dict(tx.execute("SELECT stream, made FROM witness_streams").fetchall())
    gone = [name for name, made in before.items() if there.get(name) != made]
    for name in gone:
        saw(tx, f"stream-{name}-{before[name]}", at_ns, changes.stream_deleted(name))
        tx.execute("DELETE FROM witness_streams WHERE stream = ?", (name,))
    tx.executemany("INSERT OR IGNORE INTO witness_streams (stream, made) VALUES (?, ?)", list(there.items()))
    return len(gone)
