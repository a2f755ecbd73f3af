"""One active host: a lease in a bucket of its own.

Two hosts on one broker would split the consumers and send everything twice. The active one renews
its record every few seconds; a second one waits, names the first, and takes over once the record has
stood still for longer than it is valid. A host that holds the lock of the same database file knows
that the previous holder is dead, and takes over at once.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
import uuid
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from kanade_host.bus.bus import NatsBus
from kanade_host.plugin.errors import KanadeError, RevisionConflict
from kanade_host.plugin.resources import Bucket

BUCKET = Bucket("kanade_host", history=1)
KEY = "active"
RENEW_SECONDS = 3.0
VALID_SECONDS = 12.0
log = structlog.get_logger("kanade_host.lease")


class Holder(msgspec.Struct):
    """Who is the active host."""

    id: str
    database: str
    host: str
    pid: int
    renewals: int = 0

    @property
    def words(self) -> str:
        return f"{self.host} (pid {self.pid})"


class Lease:
    """Gets and keeps the lease; `other` names the holder while this host waits for it."""

    def __init__(self, bus: NatsBus, database: str) -> None:
        self._kv, self._bus = bus.kv(BUCKET.name), bus
        self._mine = Holder(str(uuid.uuid4()), database, socket.gethostname(), os.getpid())
        self._revision = 0
        self.other: Holder | None = None

    async def acquire(self) -> None:
        """Wait until this host is the active one."""
        seen: tuple[int, float] | None = None
        while True:
            try:
                await self._bus.ready()
                entry = await self._kv.get(KEY)
                holder = msgspec.json.decode(entry.value, type=Holder) if entry and entry.value else None
                if entry is None or holder is None or holder.database == self._mine.database:
                    return await self._take()
                if seen is None or seen[0] != entry.revision:
                    if seen is None:
                        log.warning("another host is active; this one waits", active=holder.words)
                    seen = (entry.revision, time.monotonic())
                self.other = holder
                if time.monotonic() - seen[1] > VALID_SECONDS:
                    log.warning("the active host has gone silent; this one takes over", silent=holder.words)
                    return await self._take(entry.revision)
            except RevisionConflict:
                seen = None
            except (KanadeError, msgspec.DecodeError) as error:
                log.info("the lease cannot be read yet", reason=str(error))
            await asyncio.sleep(0.5)

    async def _take(self, revision: int | None = None) -> None:
        body = msgspec.json.encode(self._mine)
        if revision is None:
            self._revision = await self._kv.put(KEY, body)
        else:
            self._revision = await self._kv.update(KEY, body, revision)
        self.other = None

    async def keep(self, lost: Callable[[str], Awaitable[None]]) -> None:
        """Renew until cancelled; calls `lost` with the other's name when somebody else has taken it."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            self._mine.renewals += 1
            try:
                body = msgspec.json.encode(self._mine)
                self._revision = await self._kv.update(KEY, body, self._revision)
            except RevisionConflict:
                if await self._lost_to(lost):
                    return
            except KanadeError as error:
                log.info("the lease cannot be renewed now", reason=str(error))

    async def _lost_to(self, lost: Callable[[str], Awaitable[None]]) -> bool:
        entry = await self._kv.get(KEY)
        holder = msgspec.json.decode(entry.value, type=Holder) if entry and entry.value else None
        if holder is None or holder.id == self._mine.id:
            # The bucket was emptied or restored, or our own write was not acknowledged: ours again.
            await self._take()
            return False
        await lost(holder.words)
        return True

    async def release(self) -> None:
        """Give it back, so that the next host need not wait."""
        try:
            async with asyncio.timeout(1.0):
                await self._kv.delete(KEY, self._revision)
        except (KanadeError, TimeoutError):
            log.info("the lease could not be given back; it ends by itself")
