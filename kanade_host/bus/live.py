"""The current values of a bucket, in memory, kept up with whatever the broker goes through.

A watch of nats-py is blind for 16 to 19 seconds after a restart of the broker, and ends in silence when
the bucket is deleted (pitfalls.md). This one reads the bucket again after each loss, and now and then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import structlog

from kanade_host.bus.jetstream import StreamInfo, create_consumer, stream_info
from kanade_host.bus.kv import LOOKUP, Bucket, entry_of
from kanade_host.bus.pull import Pull, ReaderLost
from kanade_host.bus.walk import passing
from kanade_host.plugin.context import Entry
from kanade_host.plugin.errors import ApiError, BrokerUnavailable, InvalidKey, KanadeError, ResourceMissing

if TYPE_CHECKING:
    from kanade_host.bus.bus import NatsBus

log = structlog.get_logger("kanade_host.bus")

BACKOFF = (0.02, 0.1, 0.5, 1.0, 2.0)
RECONCILE_SECONDS = 600.0
SYNC_SECONDS = 5.0

OnChange = Callable[[Entry], None]


class _Watch(Pull):
    """Tells when nothing more is pending."""

    idle = False

    def on_idle(self) -> None:
        if not self._arrived:
            self.idle = True
            self._wake()

    async def next(self) -> list[Entry]:
        """What has arrived; nothing when the broker says that nothing is pending."""
        while not self._arrived and not self.idle and self._lost is None:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if not self._arrived and self._lost is None:
            self.idle = False
            return []
        batch = await self.take()
        self.release(len(batch), sum(len(one.data) for one in batch))
        prefix = len(f"$KV.{self.stream.removeprefix('KV_')}.")
        return [entry_of(one, prefix) for one in batch]


class LiveBucket:
    """Implements `LiveMap`. `run` keeps it alive until cancelled; `on_change` is told of each change.

    Values only ever go forward: an older write never replaces a newer one, unless the bucket was made
    anew or the broker's files were restored. A deletion comes with value None.
    """

    def __init__(self, bus: NatsBus, bucket: str, *, on_change: OnChange | None = None) -> None:
        self.bucket = bucket
        self._bus, self._on_change = bus, on_change
        self._kv = Bucket(bus, bucket)
        self._entries: dict[str, Entry] = {}
        self._unconfirmed: set[str] = set()
        self._created = ""
        self._seen = 0
        self._following = False
        self._again = asyncio.Event()
        self._moved = asyncio.Condition()
        self._complete = asyncio.Event()

    # -- the map -----------------------------------------------------------------------------

    def get(self, key: str) -> Entry | None:
        return self._entries.get(key)

    def items(self) -> Iterator[tuple[str, Entry]]:
        return iter(sorted(self._entries.items()))

    def __len__(self) -> int:
        return len(self._entries)

    async def complete(self) -> None:
        """Wait until the first reading of the whole bucket is done."""
        await self._complete.wait()

    async def synced(self) -> None:
        info = await stream_info(self._bus, self._kv.stream)
        if info is None:
            raise ResourceMissing(f"{LOOKUP}: jetstream error: stream not found (code 404, error code 10059)")
        try:
            async with asyncio.timeout(SYNC_SECONDS):
                await self._reach(info)
        except TimeoutError:
            raise BrokerUnavailable(
                f"the live map of bucket {self.bucket} has not caught up within {SYNC_SECONDS:g} s"
            ) from None

    async def _reach(self, info: StreamInfo) -> None:
        def reached() -> bool:
            return self._following and self._created == info.created and self._seen >= info.last_seq

        async with self._moved:
            while not reached():
                try:
                    async with asyncio.timeout(1.0):
                        await self._moved.wait()
                except TimeoutError:
                    # The stream's end may have been purged away: reading again finds out.
                    self._again.set()

    # -- keeping it --------------------------------------------------------------------------

    async def run(self) -> None:
        """Follow the bucket; begin anew after each loss."""
        attempt = 0
        while True:
            seen = self._seen
            try:
                await self._bus.ready()
                await self._follow()
                attempt = 0
                continue
            except (ReaderLost, BrokerUnavailable, ResourceMissing, ApiError) as error:
                log.debug("a live map begins anew", bucket=self.bucket, reason=str(error))
            except KanadeError:
                log.exception("a live map failed and begins anew", bucket=self.bucket)
            finally:
                self._following = False
            attempt = 0 if self._seen != seen else attempt + 1
            await asyncio.sleep(BACKOFF[min(attempt, len(BACKOFF) - 1)])

    async def _follow(self) -> None:
        """One reading of the whole bucket, and then what changes; ends when it is time to reconcile."""
        self._again.clear()
        info = await stream_info(self._bus, self._kv.stream)
        if info is None:
            raise ResourceMissing(f"bucket {self.bucket} does not exist")
        self._begin(info)
        config = passing(f"$KV.{self.bucket}.>", last_per_subject=True)
        await create_consumer(self._bus, self._kv.stream, config)
        watch = _Watch(self._bus, self._kv.stream, config["name"])
        ending = asyncio.create_task(self._again.wait())
        try:
            await watch.start()
            listed = info.messages == 0
            if listed:
                await self._listed(info)
            async with asyncio.timeout(RECONCILE_SECONDS):
                while not ending.done():
                    listed = await self._step(watch, ending, info, listed)
        except TimeoutError:
            return  # time to reconcile
        finally:
            ending.cancel()
            await watch.stop()

    async def _step(self, watch: _Watch, ending: asyncio.Task[bool], info: StreamInfo, listed: bool) -> bool:
        taking = asyncio.create_task(watch.next())
        try:
            both: list[asyncio.Task[bool] | asyncio.Task[list[Entry]]] = [taking, ending]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not taking.done():
                taking.cancel()
        if taking.cancelled() or not taking.done():
            return listed
        entries = taking.result()
        for entry in entries:
            self._apply(entry)
        # Deliveries ascend, so whoever has the last one has them all; where it was purged meanwhile, the
        # broker's heartbeat tells that nothing more comes.
        if not listed and (not entries or self._seen >= info.last_seq):
            await self._listed(info)
            listed = True
        async with self._moved:
            self._moved.notify_all()
        return listed

    def _begin(self, info: StreamInfo) -> None:
        """Nothing that is in the map is confirmed any more; a new stream counts its revisions anew."""
        if info.created != self._created or info.last_seq < self._seen:
            self._created, self._seen = info.created, 0
            self._entries = {
                key: Entry(key, entry.value, 0, entry.time) for key, entry in self._entries.items()
            }
        self._unconfirmed = set(self._entries)

    async def _listed(self, info: StreamInfo) -> None:
        """The whole bucket was read: what is in the map and was not read is asked for by name.

        One listing proves nothing under concurrent writes (pitfalls.md), so no key goes without that.
        """
        for key in sorted(self._unconfirmed):
            try:
                entry = await self._kv.last(key)
            except InvalidKey:  # of another client, with rules of its own
                entry = None
            if entry is None:
                self._drop(Entry(key, None, info.last_seq, self._entries[key].time))
            else:
                self._apply(entry)
        self._unconfirmed.clear()
        self._seen = max(self._seen, info.last_seq)
        self._following = True
        self._complete.set()
        async with self._moved:
            self._moved.notify_all()

    # -- changes -----------------------------------------------------------------------------

    def _apply(self, entry: Entry) -> None:
        self._seen = max(self._seen, entry.revision)
        self._unconfirmed.discard(entry.key)
        present = self._entries.get(entry.key)
        if present is not None and entry.revision < present.revision:
            return
        if entry.value is None:
            if present is not None:
                self._drop(entry)
            return
        self._entries[entry.key] = entry
        if present is None or present.revision != entry.revision:
            self._tell(entry)

    def _drop(self, entry: Entry) -> None:
        del self._entries[entry.key]
        self._tell(entry)

    def _tell(self, entry: Entry) -> None:
        if self._on_change is not None:
            try:
                self._on_change(entry)
            except Exception:
                log.exception("a listener of a live map failed", bucket=self.bucket)
