"""Reading objects piece by piece, whatever their size, from any offset (`contract/http-fleet.md` 10.8).

Chunks are fetched one at a time by their sequence: no consumer that could be forgotten while a client
is slow, no more than one chunk in memory. Chunks are of any size (wire.md 5.1), so where an offset lies
is learned from their lengths, in one pass without their bodies, and remembered: a record id never
names other bytes.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from array import array
from bisect import bisect_right
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import msgspec

from kanade_host.bus.jetstream import MESSAGE_NOT_FOUND
from kanade_host.bus.walk import sizes
from kanade_host.plugin.errors import ApiError, BrokerUnavailable, NoResponders, ObjectDamaged

if TYPE_CHECKING:
    from kanade_host.bus.bus import NatsBus
    from kanade_host.bus.object_records import Meta
    from kanade_host.bus.objects import Store
    from kanade_host.plugin.context import ObjectInfo

REMEMBERED = 16
TRIES = 4
PAUSE_SECONDS = 0.5


class Offsets:
    """Where each chunk of an object begins, and under which sequence it is stored."""

    def __init__(self) -> None:
        self.starts, self.sequences, self.size = array("Q"), array("Q"), 0

    def add(self, sequence: int, size: int) -> None:
        self.starts.append(self.size)
        self.sequences.append(sequence)
        self.size += size

    def find(self, offset: int) -> tuple[int, int]:
        """The sequence of the chunk that has the byte at `offset`, and how many of its bytes to skip."""
        at = bisect_right(self.starts, offset) - 1
        return self.sequences[at], offset - self.starts[at]


class ObjectReads:
    """What a bus knows about the objects that are being read: shared by all its stores."""

    def __init__(self) -> None:
        self.open: Counter[str] = Counter()
        self.locks: dict[tuple[str, str], tuple[asyncio.Lock, list[None]]] = {}
        self._offsets: OrderedDict[str, Offsets] = OrderedDict()

    async def offsets(self, store: Store, nuid: str) -> Offsets:
        """The chunks of one object; the last sixteen objects that were asked for are kept."""
        known = self._offsets.get(nuid)
        if known is None:
            known = Offsets()
            async for sequence, size in sizes(store.bus, store.stream, store.chunk_subject(nuid)):
                known.add(sequence, size)
            self._offsets[nuid] = known
        self._offsets.move_to_end(nuid)
        while len(self._offsets) > REMEMBERED:
            self._offsets.popitem(last=False)
        return known


class Reading:
    """One object as it was when it was opened: implements `ObjectReader`."""

    def __init__(self, store: Store, meta: Meta) -> None:
        self._store, self._meta = store, meta

    @property
    def info(self) -> ObjectInfo:
        return self._meta.info

    async def read(self, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` on, as chunks come."""
        meta, reads = self._meta, self._store.bus.object_reads
        wanted = meta.size - start if length is None else length
        if start < 0 or wanted < 0 or start + wanted > meta.size:
            raise ValueError(f"{start} and {length} lie outside of the {meta.size} bytes of {meta.name}")
        reads.open[meta.nuid] += 1
        try:
            async for part in self._checked(wanted) if wanted == meta.size else self._part(start, wanted):
                yield part
        finally:
            reads.open[meta.nuid] -= 1
            if reads.open[meta.nuid] <= 0:
                del reads.open[meta.nuid]

    async def _checked(self, wanted: int) -> AsyncIterator[bytes]:
        """All of it. The last chunk is held back until the digest is right: nobody takes damage for whole."""
        digest, held = hashlib.sha256(), b""
        async for chunk in self._part(0, wanted):
            digest.update(chunk)
            if held:
                yield held
            held = chunk
        said = (self._meta.digest or "").removeprefix("SHA-256=").rstrip("=")
        found = base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")
        if said and said != found:
            raise self._damaged("wrong digest")
        if held:
            yield held

    async def _part(self, start: int, wanted: int) -> AsyncIterator[bytes]:
        sequence, skip = 1, 0
        if start and wanted:
            offsets = await self._store.offsets(self._meta.nuid)
            if offsets.size != self._meta.size:
                raise self._damaged(
                    f"its record says {self._meta.size} bytes, the store holds {offsets.size}"
                )
            sequence, skip = offsets.find(start)
        left = wanted
        while left:
            at, chunk = await self._patiently(sequence)
            if at == 0:
                raise self._damaged(f"{left} bytes of it are missing: it was replaced or deleted meanwhile")
            sequence, part = at + 1, chunk[skip : skip + left]
            skip, left = 0, left - len(part)
            if part:
                yield part

    async def _patiently(self, sequence: int) -> tuple[int, bytes]:
        """A broker that restarts does not end a download."""
        for _ in range(TRIES):
            try:
                return await self._store.next_chunk(self._meta.nuid, sequence)
            except BrokerUnavailable:
                await asyncio.sleep(PAUSE_SECONDS)
        return await self._store.next_chunk(self._meta.nuid, sequence)

    def _damaged(self, what: str) -> ObjectDamaged:
        return ObjectDamaged(f"object {self._meta.name} in {self._store.name}: {what}")


async def next_message(bus: NatsBus, stream: str, subject: str, sequence: int) -> tuple[int, bytes]:
    """The first message of a subject from that sequence on; (0, b"") when there is none."""
    body = msgspec.json.encode({"seq": sequence, "next_by_subj": subject})
    try:
        answer = await bus.call(f"$JS.API.DIRECT.GET.{stream}", body)
    except NoResponders:
        return await _next_indirect(bus, stream, body)
    headers: dict[str, Any] = answer.headers or {}
    if headers.get("Status") == "404":
        return 0, b""
    if "Nats-Sequence" not in headers:
        raise ApiError(
            int(headers.get("Status", "0") or 0), 0, str(headers.get("Description", "no such answer"))
        )
    return int(headers["Nats-Sequence"]), answer.data


async def _next_indirect(bus: NatsBus, stream: str, body: bytes) -> tuple[int, bytes]:
    """For a store that somebody made without direct get, and for one that is missing."""
    try:
        message = (await bus.api(f"STREAM.MSG.GET.{stream}", body))["message"]
    except ApiError as error:
        if error.err_code == MESSAGE_NOT_FOUND:
            return 0, b""
        raise
    return int(message["seq"]), base64.b64decode(message.get("data", ""))
