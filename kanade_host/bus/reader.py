"""The reader of one durable: explicit acknowledgements, redeliveries sorted out, gaps noticed.

A position in the database is true only over a gap-free prefix of the stream (design.md), so this
reader hands out each message once, in order, and ends with `ReaderLost` rather than skip one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable

from kanade_host.bus.address import subjects
from kanade_host.bus.bus import NatsBus
from kanade_host.bus.jetstream import (
    ConsumerInfo,
    StreamInfo,
    consumer_info,
    create_consumer,
    delete_consumer,
    delivery,
    message_time,
    remake_consumer,
    stream_info,
)
from kanade_host.bus.pull import MIB, NS, Fetched, Pull, ReaderLost
from kanade_host.plugin.errors import KanadeError

__all__ = [
    "BacklogReader",
    "ConsumerInfo",
    "Fetched",
    "Reader",
    "ReaderLost",
    "StreamInfo",
    "consumer_info",
    "message_time",
    "remake_consumer",
    "stream_info",
]

BACKLOG_CREDIT = 16_384
BACKLOG_BYTES = 32 * MIB
TAKEN_BYTES = 2 * MIB
"""Of one batch, which is there four times or so while it is decoded and another one commits."""
FORGOTTEN_SECONDS = 60
FORGET_SECONDS = 1.0


class Reader(Pull):
    """Reads a durable that was just made anew (`remake_consumer`), from its first delivery on.

    `credit` is at most the durable's `max_ack_pending` (1,000). Take batches of half of it: the next
    ones arrive while the last one commits.
    """

    backlog = False

    def __init__(
        self, bus: NatsBus, stream: str, durable: str, *, credit: int = 1000, max_bytes: int = 16 * MIB
    ) -> None:
        super().__init__(bus, stream, durable, credit=credit, max_bytes=max_bytes)
        self._highest = 0
        self._in_hand: set[int] = set()

    async def take(self, limit: int = 500, max_bytes: int = TAKEN_BYTES) -> list[Fetched]:
        return await super().take(limit, max_bytes)

    def ack(self, batch: Iterable[Fetched]) -> None:
        """Acknowledge; all in one write, without waiting. Nothing happens on a lost reader."""
        if self._lost is not None or self._session is None:
            return
        in_hand = self._in_hand
        count = size = 0
        lines = []
        for one in batch:
            if one.sequence in in_hand:
                in_hand.discard(one.sequence)
                count += 1
                size += len(one.data)
                lines.append(f"PUB {one.reply} 4\r\n+ACK\r\n")
        self._session.write("".join(lines).encode())
        self.release(count, size)

    def progress(self, batch: Iterable[Fetched]) -> None:
        """Say that work on these goes on, so that the broker does not deliver them again yet."""
        if self._lost is None and self._session is not None:
            self._session.write("".join(f"PUB {one.reply} 4\r\n+WPI\r\n" for one in batch).encode())

    def _wanted(self, fetched: Fetched) -> bool:
        sequence = fetched.sequence
        if sequence > self._highest:
            self._highest = sequence
            self._in_hand.add(sequence)
            return True
        if sequence not in self._in_hand and self._session is not None:
            # Acknowledged already; the broker had sent it again before it knew.
            self._session.write(f"PUB {fetched.reply} 4\r\n+ACK\r\n".encode())
        return False


class BacklogReader(Pull):
    """Reads what has piled up, over a consumer that acknowledges nothing and goes with this reader.

    The durable allows 1,000 messages that are not acknowledged, and the broker keeps account of each. For
    a backlog that is what costs most: small batches, and two messages for one. Our position is the truth
    (design.md), so whoever has read the backlog makes the durable anew behind it.

    Ends with `ReaderLost` once nothing more is there; then `idle` is set. `pending`: how many messages
    there were at the beginning.
    """

    backlog = True

    def __init__(self, bus: NatsBus, stream: str, name: str) -> None:
        super().__init__(bus, stream, name, credit=BACKLOG_CREDIT, max_bytes=BACKLOG_BYTES)
        self._passes: Callable[[str], object] | None = None
        self.idle = False
        self.pending = 0

    @classmethod
    async def open(
        cls,
        bus: NatsBus,
        stream: str,
        name: str,
        *,
        filter: str | None,
        start: int | None,
        after_ns: int | None = None,
        sift: bool = False,
    ) -> BacklogReader:
        """Begin as `remake_consumer` does, under that name. Raises `ApiError`, `BrokerUnavailable`.

        With `sift`, whatever does not pass the filter is delivered too and left out here: where most of it
        passes, that is cheaper, since the broker looks for the next message that does in its index.
        """
        await delete_consumer(bus, stream, name)  # that of a host that was killed
        made = cls(bus, stream, name)
        if sift and filter is not None:
            made._passes, filter = subjects(filter), None
        config = delivery(filter, start, after_ns) | {
            "name": made.consumer,
            "ack_policy": "none",
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": FORGOTTEN_SECONDS * NS,
        }
        made.pending = (await create_consumer(bus, stream, config))["num_pending"]
        await made.start()
        return made

    @property
    def sifts(self) -> bool:
        """Whether more is delivered than is handed out, and counted in `pending`."""
        return self._passes is not None

    def _wanted(self, fetched: Fetched) -> bool:
        return self._passes is None or bool(self._passes(fetched.subject))

    def on_idle(self) -> None:
        if not self._arrived:
            self.idle = True
            self._lose("the backlog is read")

    def ack(self, batch: Iterable[Fetched]) -> None:
        """These are done with: there is room for others."""
        sizes = [len(one.data) for one in batch]
        self.release(len(sizes), sum(sizes))

    def progress(self, batch: Iterable[Fetched]) -> None:
        """Nobody waits for a sign."""

    async def stop(self) -> None:
        await super().stop()
        with contextlib.suppress(KanadeError, TimeoutError):
            async with asyncio.timeout(FORGET_SECONDS):  # the host may be ending, and the broker be away
                await delete_consumer(self._bus, self.stream, self.consumer)
