"""One active host: a lease in a bucket of its own.

Two hosts on one broker would split the consumers and send everything twice. The active one renews
its record every few seconds; a second one waits, names the first, and takes over once the record has
stood still for longer than it is valid. A host that holds the lock of the same database file (not of a
copy of it) knows that the previous holder is dead, and takes over at once.
"""

from __future__ import annotations

import asyncio
import contextlib
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
    """Who is the active host. `database` names its file; a copy elsewhere is another one."""

    id: str
    database: str
    host: str
    pid: int
    renewals: int = 0

    @property
    def place(self) -> tuple[str, str]:
        """Only one host can run there: it holds the lock of that file."""
        return self.host, self.database

    @property
    def words(self) -> str:
        return f"{self.host} (pid {self.pid})"


class Lease:
    """Gets and keeps the lease; `other` names the holder while this host waits for it."""

    def __init__(self, bus: NatsBus, database: str) -> None:
        self._kv, self._bus = bus.kv(BUCKET.name), bus
        self._mine = Holder(str(uuid.uuid4()), database, socket.gethostname(), os.getpid())
        self._revision = 0
        self._look = asyncio.Event()
        self.other: Holder | None = None

    async def acquire(self) -> None:
        """Wait until this host is the active one."""
        seen: tuple[int, float] | None = None
        while True:
            try:
                await self._bus.ready()
                revision, holder = await self._holder()
                if holder is None or holder.place == self._mine.place:
                    return await self._take(revision)
                if seen is None or seen[0] != revision:
                    if seen is None:
                        log.warning("another host is active; this one waits", active=holder.words)
                    seen = (revision, time.monotonic())
                self.other = holder
                if time.monotonic() - seen[1] > VALID_SECONDS:
                    log.warning("the active host has gone silent; this one takes over", silent=holder.words)
                    return await self._take(revision)
            except RevisionConflict:
                seen = None
            except KanadeError as error:
                log.info("the lease cannot be read yet", reason=str(error))
            await asyncio.sleep(0.5)

    async def _holder(self) -> tuple[int, Holder | None]:
        """The record's revision (0 = there never was one), and who it names."""
        entry = await self._kv.last(KEY)
        if entry is None or not entry.value:
            return (0 if entry is None else entry.revision), None
        try:
            return entry.revision, msgspec.json.decode(entry.value, type=Holder)
        except msgspec.DecodeError:
            return entry.revision, Holder("", "", "somebody who left no readable name", 0)

    async def _take(self, revision: int) -> None:
        """Only over that revision: of two hosts that find the lease free, one gets it."""
        self._revision = await self._kv.update(KEY, msgspec.json.encode(self._mine), revision)
        self.other = None

    async def keep(self, lost: Callable[[str], Awaitable[None]]) -> None:
        """Renew until cancelled; calls `lost` with the other's name when somebody else has taken it."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RENEW_SECONDS):
                    await self._look.wait()
            self._look.clear()
            try:
                if not await self._renewed(lost):
                    return
            except KanadeError as error:
                log.info("the lease cannot be renewed now", reason=str(error))

    def look(self) -> None:
        """The broker is back: another host may have taken over meanwhile."""
        self._look.set()

    async def _renewed(self, lost: Callable[[str], Awaitable[None]]) -> bool:
        self._mine.renewals += 1
        try:
            await self._take(self._revision)
        except RevisionConflict:
            revision, holder = await self._holder()
            if holder is not None and holder.id != self._mine.id:
                await lost(holder.words)
                return False
            # The bucket was emptied or restored, or our own write was not acknowledged: ours again.
            with contextlib.suppress(RevisionConflict):
                await self._take(revision)
        return True

    async def release(self) -> None:
        """Give it back, so that the next host need not wait."""
        try:
            async with asyncio.timeout(1.0):
                await self._kv.delete(KEY, self._revision)
        except (KanadeError, TimeoutError):
            log.info("the lease could not be given back; it ends by itself")
