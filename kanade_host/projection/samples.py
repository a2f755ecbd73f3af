"""Core subscriptions whose messages are samples: the newest counts, memory is bounded, loss is counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Any

import structlog
from nats.aio.msg import Msg

from kanade_host.bus.bus import NatsBus
from kanade_host.bus.connection import LastingSubscription
from kanade_host.plugin.clock import Clock
from kanade_host.plugin.errors import StoreUnavailable
from kanade_host.plugin.json import BadJson, BadShape
from kanade_host.plugin.origin import by_host
from kanade_host.plugin.subscriptions import Message, Meta, Samples
from kanade_host.projection.decoding import decoding

CHUNK = 2_000
RETRY_SECONDS = 0.5


class Sampler:
    """Receives one subject, keeps what is newest (or all, up to the limit), and writes it in batches."""

    def __init__(
        self,
        samples: Samples,
        *,
        plugin: str,
        bus: NatsBus,
        writer: Any,
        clock: Clock,
        report: Callable[[str | None], None],
    ) -> None:
        self.samples, self.plugin = samples, plugin
        self._bus, self._writer, self._clock, self._report = bus, writer, clock, report
        self._decoder = decoding(samples.message)
        self._subscription: LastingSubscription | None = None
        self._waiting: dict[Hashable, Message[Any]] = {}
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._count = 0
        self._writing = False
        self.begun = asyncio.Event()
        """Set once it is subscribed."""
        self.received = self.written = self.dropped = self.bad = 0
        self.log = structlog.get_logger(f"kanade_host.projection.{samples.name}").bind(plugin=plugin)

    @property
    def lost(self) -> int:
        """Messages that no row will tell of: replaced by newer ones, or more than the queue could hold."""
        return self.dropped + (self._subscription.dropped if self._subscription else 0)

    @property
    def idle(self) -> bool:
        """Nothing that has arrived waits to be written."""
        arrived = self._subscription.waiting if self._subscription else 0
        return not (arrived or self._waiting or self._writing)

    async def run(self) -> None:
        """Subscribe and write until cancelled."""
        self._subscription = self._bus.subscription(self.samples.subject, self._receive)
        async with self._subscription:
            self.begun.set()
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                while self._waiting:
                    await self._write_some()

    async def _receive(self, message: Msg) -> None:
        self.received += 1
        try:
            body = self._decoder.decode(message.data)
        except (BadJson, BadShape) as error:
            self.bad += 1
            self.log.warning(
                "a message does not decode and is dropped", subject=message.subject, reason=str(error)
            )
            return
        meta = Meta(message.subject, 0, self._clock.now(), by_host(message.headers))
        await self._keep(Message(body, meta))

    async def _keep(self, message: Message[Any]) -> None:
        samples = self.samples
        key: Hashable = samples.key(message.body) if samples.key else self._next()
        held = self._waiting.get(key)
        if held is not None:
            self.dropped += 1
            if samples.order and samples.order(message.body) < samples.order(held.body):
                return
        elif len(self._waiting) >= samples.limit:
            # The subscription's own queue holds what comes meanwhile; beyond it, NATS counts the loss.
            self._room.clear()
            await self._room.wait()
        self._waiting[key] = message
        self._arrived.set()

    def _next(self) -> int:
        self._count += 1
        return self._count

    async def _write_some(self) -> None:
        keys = list(self._waiting)[:CHUNK]
        batch = [self._waiting.pop(key) for key in keys]
        self._writing = True
        try:
            await self._write(batch)
        finally:
            self._writing = False
            self._room.set()

    async def _write(self, batch: list[Message[Any]]) -> None:
        while True:
            try:
                await self._writer.run(self.plugin, lambda tx: self.samples.apply(tx, batch), urgent=False)
            except StoreUnavailable as error:
                self._report(f"{self.samples.name} waits: the database cannot be written: {error}")
                await asyncio.sleep(RETRY_SECONDS)
                continue
            except Exception as error:
                await self._divide(batch, error)
            else:
                self.written += len(batch)
                self._report(None)
            return

    async def _divide(self, batch: list[Message[Any]], error: Exception) -> None:
        """Find the message that cannot be written; samples are dropped, not set aside."""
        if len(batch) == 1:
            self.bad += 1
            self.log.warning(
                "a message cannot be applied and is dropped",
                subject=batch[0].meta.subject,
                reason=f"{type(error).__name__}: {error}",
            )
            return
        middle = len(batch) // 2
        await self._write(batch[:middle])
        await self._write(batch[middle:])
