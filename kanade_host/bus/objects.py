"""Object stores, in the format of `contract/wire.md` 5.1.

nats-py's own store writes deletion markers that upstream cannot read (wire.md 5.1), leaves the chunks of
an upload that failed, and reads chunks of the wrong size; hence the few calls that it takes by hand.
"""

from __future__ import annotations

import asyncio
import base64
import builtins
import contextlib
import hashlib
import uuid
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import msgspec

from kanade_host.bus.jetstream import NOT_FOUND, STREAM_NOT_FOUND
from kanade_host.bus.kv import TIMED_OUT
from kanade_host.bus.object_orphans import purge_orphans
from kanade_host.bus.object_reading import Offsets, Reading, next_message
from kanade_host.bus.object_records import CHUNK_BYTES, Meta
from kanade_host.bus.walk import walk
from kanade_host.plugin.clock import SystemClock
from kanade_host.plugin.context import ObjectInfo
from kanade_host.plugin.errors import (
    ApiError,
    BrokerUnavailable,
    KanadeError,
    NoResponders,
    ObjectDamaged,
    ObjectNotFound,
    ResourceMissing,
)

if TYPE_CHECKING:
    from kanade_host.bus.bus import NatsBus

IN_FLIGHT = 8
LOOKUP = "failed to get Object Store"
ROLLUP = {"Nats-Rollup": "sub"}
REREADS = 5
RETIRE_SECONDS = 3600.0
RETIRE_POLL = 0.5


class Store:
    """Implements `Objects`. Costs nothing to make; holds nothing between calls."""

    def __init__(self, bus: NatsBus, name: str) -> None:
        self.name, self.stream = name, f"OBJ_{name}"
        self.bus = self._bus = bus

    # -- reading -----------------------------------------------------------------------------

    async def info(self, name: str) -> ObjectInfo:
        return (await self._present(name)).info

    async def open(self, name: str) -> Reading:
        return Reading(self, await self._present(name))

    async def list(self) -> list[ObjectInfo]:
        return [meta.info for meta in await self.records() if not meta.deleted]

    async def records(self, *, strict: bool = False) -> builtins.list[Meta]:
        """Every record that decodes, tombstones too, the oldest last write first; `strict`: all must."""
        with self._explained():
            found = await walk(self._bus, self.stream, f"$O.{self.name}.M.>", last_per_subject=True)
        last = {one.subject: one for one in sorted(found, key=lambda one: one.sequence)}
        metas = []
        for one in sorted(last.values(), key=lambda one: one.sequence):
            try:
                metas.append(msgspec.json.decode(one.data, type=Meta))
            except msgspec.DecodeError as error:
                if strict:
                    raise ObjectDamaged(f"record {one.subject} of {self.name} is damaged: {error}") from None
        return metas

    async def offsets(self, nuid: str) -> Offsets:
        """Where the chunks of one object lie."""
        with self._explained():
            return await self._bus.object_reads.offsets(self, nuid)

    async def next_chunk(self, nuid: str, sequence: int) -> tuple[int, bytes]:
        """The first chunk from that sequence of the stream on, and its own; 0 when there is none."""
        with self._explained():
            return await next_message(self._bus, self.stream, self.chunk_subject(nuid), sequence)

    async def get(self, name: str, limit: int | None = None) -> bytes:
        meta = await self._present(name)
        while True:
            if limit is not None and meta.size > limit:
                raise ObjectDamaged(
                    f"object {name} in {self.name} has {meta.size} bytes, more than the {limit} allowed"
                )
            body = await self._chunks(meta.nuid) if meta.size else b""
            damage = _damage(meta, body)
            if damage is None:
                return body
            again = await self._present(name)
            if again.nuid == meta.nuid:
                raise ObjectDamaged(f"object {name} in {self.name}: {damage}")
            meta = again  # it was overwritten while we read

    async def _present(self, name: str) -> Meta:
        meta = await self._meta(name)
        if meta is None or meta.deleted:
            raise ObjectNotFound(f"no object {name} in {self.name}")
        return meta

    async def _meta(self, name: str) -> Meta | None:
        """The record, also a tombstone; None when the name was never stored."""
        with self._explained():
            try:
                answer = await self._bus.call(f"$JS.API.DIRECT.GET.{self.stream}.{self._meta_subject(name)}")
            except NoResponders:
                return await self._meta_indirect(name)
        if (answer.headers or {}).get("Status") == "404":
            return None
        return self._decode(name, answer.data)

    async def _meta_indirect(self, name: str) -> Meta | None:
        body = msgspec.json.encode({"last_by_subj": self._meta_subject(name)})
        try:
            answer = await self._bus.api(f"STREAM.MSG.GET.{self.stream}", body)
        except ApiError as error:
            if error.code == NOT_FOUND and error.err_code != STREAM_NOT_FOUND:
                return None
            raise
        return self._decode(name, base64.b64decode(answer["message"].get("data", "")))

    def _decode(self, name: str, data: bytes) -> Meta:
        try:
            return msgspec.json.decode(data, type=Meta)
        except msgspec.DecodeError as error:
            raise ObjectDamaged(f"the record of object {name} in {self.name} is damaged: {error}") from None

    async def _chunks(self, nuid: str) -> bytes:
        with self._explained():
            found = await walk(self._bus, self.stream, self.chunk_subject(nuid), last_per_subject=False)
        return b"".join(one.data for one in found)

    # -- writing -----------------------------------------------------------------------------

    async def put(self, name: str, body: bytes | AsyncIterator[bytes]) -> ObjectInfo:
        await self._meta(name)  # a store that is missing says so before the body is read
        nuid = uuid.uuid4().hex
        try:
            size, chunks, digest = await self._send(nuid, body)
            meta = Meta(
                name=name,
                bucket=self.name,
                nuid=nuid,
                size=size,
                chunks=chunks,
                mtime=SystemClock().now().wire,
                digest=f"SHA-256={base64.urlsafe_b64encode(digest).decode()}",
            )
            async with self._alone(name):
                before = await self._meta(name)
                await self._record(meta)
        except BaseException:
            # Half an upload would stay in the stream for ever, without a record that names it.
            self._bus.connection.spawn(self._purge_quietly(nuid))
            raise
        if before is not None and before.nuid != nuid:
            await self._retire(before.nuid)
        await self._readable(meta)
        return meta.info

    async def delete(self, name: str) -> None:
        async with self._alone(name):
            meta = await self._present(name)
            if not meta.mtime:
                meta.mtime = SystemClock().now().wire
            meta.deleted, meta.size, meta.chunks = True, 0, 0
            await self._record(meta)
        await self._retire(meta.nuid)

    async def purge_orphans(self, idle: float) -> int:
        with self._explained():
            return await purge_orphans(self, idle)

    @contextlib.asynccontextmanager
    async def _alone(self, name: str) -> AsyncIterator[None]:
        """Records of one name are written one after the other: the later one sees whose chunks to purge."""
        locks, key = self._bus.object_reads.locks, (self.name, name)
        lock, users = locks.setdefault(key, (asyncio.Lock(), []))
        users.append(None)
        try:
            async with lock:
                yield
        finally:
            users.pop()
            if not users:
                locks.pop(key, None)

    async def _retire(self, nuid: str) -> None:
        """Purge what a record no longer names, once nobody reads it here any more."""
        if self._bus.object_reads.open[nuid] > 0:
            self._bus.connection.spawn(self._purge_later(nuid))
        else:
            await self._purge_quietly(nuid)

    async def _purge_later(self, nuid: str) -> None:
        for _ in range(round(RETIRE_SECONDS / RETIRE_POLL)):
            if self._bus.object_reads.open[nuid] <= 0:
                break
            await asyncio.sleep(RETIRE_POLL)
        await self._purge_quietly(nuid)

    async def _send(self, nuid: str, body: bytes | AsyncIterator[bytes]) -> tuple[int, int, bytes]:
        """Publish the chunks, in order, several in flight; answers size, number of chunks, digest."""
        digest = hashlib.sha256()
        size = chunks = 0
        sending: set[asyncio.Task[None]] = set()
        try:
            async for chunk in _rechunked(body):
                digest.update(chunk)
                size, chunks = size + len(chunk), chunks + 1
                if len(sending) >= IN_FLIGHT:
                    done, sending = await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
                    failed = [error for one in done if (error := one.exception()) is not None]
                    if failed:  # every one was asked for its error, or the loop would complain of it
                        raise failed[0]
                # Tasks start in the order of their making, and nothing in them waits before the socket
                # is written to: the order in the stream is the order here.
                sending.add(asyncio.create_task(self._publish(self.chunk_subject(nuid), chunk)))
            for result in await asyncio.gather(*sending, return_exceptions=True):
                if isinstance(result, BaseException):
                    raise result
        finally:
            for one in sending:
                one.cancel()
            await asyncio.gather(*sending, return_exceptions=True)
        return size, chunks, digest.digest()

    async def _record(self, meta: Meta) -> None:
        await self._publish(self._meta_subject(meta.name), meta.encoded(), ROLLUP)

    async def _publish(self, subject: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        with self._explained():
            await self._bus.publish_acknowledged(subject, body, headers)

    async def _purge_quietly(self, nuid: str) -> None:
        """Remove chunks that no record names; what stays on failure costs space, nothing else."""
        if nuid:
            with contextlib.suppress(KanadeError):
                await self.purge(nuid)

    async def purge(self, nuid: str) -> None:
        """Remove all chunks of one upload."""
        body = msgspec.json.encode({"filter": self.chunk_subject(nuid)})
        await self._bus.api(f"STREAM.PURGE.{self.stream}", body)

    async def _readable(self, meta: Meta) -> None:
        """Answer only when the new record is what readers get (seen to lag on upstream, wire.md 5.1)."""
        for attempt in range(REREADS):
            seen = await self._meta(meta.name)
            if seen is not None and (seen.nuid == meta.nuid or attempt):
                return
            await asyncio.sleep(0.05 * 2**attempt)

    # -- names and errors --------------------------------------------------------------------

    def _meta_subject(self, name: str) -> str:
        return f"$O.{self.name}.M.{base64.urlsafe_b64encode(name.encode('utf-8', 'surrogatepass')).decode()}"

    def chunk_subject(self, nuid: str) -> str:
        return f"$O.{self.name}.C.{nuid}"

    @contextlib.contextmanager
    def _explained(self) -> Any:
        """Errors with the texts that clients know (http-fleet.md 10.3)."""
        missing = ApiError(NOT_FOUND, STREAM_NOT_FOUND, "stream not found")
        try:
            yield
        except BrokerUnavailable as error:
            raise BrokerUnavailable(f"{LOOKUP}: {TIMED_OUT}") from error
        except ResourceMissing:
            raise ResourceMissing(f"{LOOKUP}: jetstream error: {missing}") from None
        except ApiError as error:
            if error.err_code != STREAM_NOT_FOUND:
                raise
            raise ResourceMissing(f"{LOOKUP}: jetstream error: {missing}") from None


def _damage(meta: Meta, body: bytes) -> str | None:
    """What is wrong with these bytes, by their record; None when they are whole."""
    if len(body) != meta.size:
        return f"its record says {meta.size} bytes, the store holds {len(body)}"
    if not meta.digest:
        return None
    said = meta.digest.removeprefix("SHA-256=").rstrip("=")
    found = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).decode().rstrip("=")
    return None if said == found else "wrong digest"


async def _rechunked(body: bytes | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in chunks of exactly 128 KiB, the last one shorter."""
    if isinstance(body, (bytes, bytearray, memoryview)):
        for start in range(0, len(body), CHUNK_BYTES):
            yield bytes(body[start : start + CHUNK_BYTES])
        return
    buffer = bytearray()
    async for part in body:
        buffer += part
        while len(buffer) >= CHUNK_BYTES:
            yield bytes(buffer[:CHUNK_BYTES])
            del buffer[:CHUNK_BYTES]
    if buffer:
        yield bytes(buffer)
