"""Taking messages from a pull consumer as they arrive.

nats-py's own `fetch` costs 32 microseconds a message; an inbox subscription and requests of our own a
quarter of that (pitfalls.md). One request stays open, so that a message is delivered the moment it is
stored; what has arrived is taken without lingering, so that batches grow by back-pressure alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from typing import TYPE_CHECKING

import msgspec
from nats.aio.subscription import Subscription

from kanade_host.plugin.errors import KanadeError

if TYPE_CHECKING:
    from kanade_host.bus.bus import NatsBus
    from kanade_host.bus.session import Session

NS = 1_000_000_000
EXPIRES_SECONDS = 5.0
HEARTBEAT_SECONDS = 2.0
SILENCE_SECONDS = 5.0
GRACE_SECONDS = 0.5
MIB = 1024 * 1024


class Fetched(msgspec.Struct, gc=False):
    """One delivery. `time_ns` is the broker's; `pending` messages of the consumer come after it."""

    sequence: int
    consumer_sequence: int
    delivered: int
    time_ns: int
    pending: int
    subject: str
    data: bytes
    reply: str
    headers: dict[str, str] | None = None


class ReaderLost(KanadeError):
    """Nothing more will come from this reader, for the reason in the text: begin anew."""


def parse(subject: bytes, reply: bytes, data: bytes, headers: dict[str, str] | None) -> Fetched:
    """Read the `$JS.ACK` reply subject of a delivery, in the old layout (9 tokens) and the new (11 and more).

    Raises ValueError when it is neither.
    """
    tokens = reply.split(b".")
    count = len(tokens)
    first = 4 if count == 9 else 6
    if count < 9 or count == 10 or tokens[1] != b"ACK":
        raise ValueError(f"no delivery: reply subject {reply!r}")
    return Fetched(
        int(tokens[first + 1]),
        int(tokens[first + 2]),
        int(tokens[first]),
        int(tokens[first + 3]),
        int(tokens[first + 4]),
        subject.decode("utf-8", "replace"),
        data,
        reply.decode("utf-8", "replace"),
        headers,
    )


class Pull:
    """Reads one consumer. At most `credit` messages, and about `max_bytes`, are in hand or asked for."""

    def __init__(
        self, bus: NatsBus, stream: str, consumer: str, *, credit: int = 1000, max_bytes: int = 16 * MIB
    ) -> None:
        self.stream, self.consumer = stream, consumer
        self._bus, self._credit, self._max_bytes = bus, credit, max_bytes
        self._session: Session | None = None
        self._subscription: Subscription | None = None
        self._inbox = ""
        self._arrived: deque[Fetched] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._lost: ReaderLost | None = None
        self._held = 0
        self._held_bytes = 0
        self._requested = 0
        self._expected = 1
        self._timer: asyncio.TimerHandle | None = None
        self._asking: set[asyncio.Task[None]] = set()
        self._heard = 0.0
        self._now = time.monotonic
        self._closed = False

    # -- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Subscribe and ask for the first messages. Raises `BrokerUnavailable`."""
        session = self._session = self._bus.session
        # A message that does not fit a request alone would never be delivered.
        self._max_bytes = max(self._max_bytes, 4 * session.max_payload)
        self._inbox = session.new_inbox()
        self._subscription = await session.subscribe_at_once(self._inbox, self._receive)
        session.lost.add_done_callback(self._session_lost)
        self._now = asyncio.get_running_loop().time
        self._heard = self._now()
        self._watch(SILENCE_SECONDS)
        self._ask()

    async def stop(self) -> None:
        """Ask for nothing more. What was not taken is forgotten (and not acknowledged)."""
        self._lose("the reader was stopped")
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for task in self._asking:
            task.cancel()
        session = self._session
        if session is not None:
            session.lost.remove_done_callback(self._session_lost)
            if self._subscription is not None:
                await session.unsubscribe(self._subscription)

    def _session_lost(self, lost: asyncio.Future[str]) -> None:
        self._lose("the connection to the broker was lost" if lost.cancelled() else lost.result())

    def _lose(self, reason: str) -> None:
        if self._lost is None:
            self._lost = ReaderLost(f"{self.stream}/{self.consumer}: {reason}")
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # -- taking ------------------------------------------------------------------------------

    async def take(self, limit: int = 1000, max_bytes: int = 8 * MIB) -> list[Fetched]:
        """What has arrived: at least one message, in stream order, without waiting for more.

        At most `limit` messages, and `max_bytes` beyond the first. Raises `ReaderLost`, also when
        messages are in hand that were not taken yet.
        """
        while not self._arrived:
            if self._lost is not None:
                raise self._lost
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if self._lost is not None:
            raise self._lost
        return self._take(limit, max_bytes)

    def _take(self, limit: int, max_bytes: int) -> list[Fetched]:
        arrived = self._arrived
        batch = [arrived.popleft()]
        size = len(batch[0].data)
        while arrived and len(batch) < limit:
            size += len(arrived[0].data)
            if size > max_bytes:
                break
            batch.append(arrived.popleft())
        return batch

    def release(self, count: int, size: int) -> None:
        """So many messages and bytes that were taken are done with: there is room for others."""
        self._held -= count
        self._held_bytes -= size
        self._ask()

    # -- receiving ---------------------------------------------------------------------------

    def _receive(self, subject: bytes, reply: bytes, data: bytes, headers: dict[str, str] | None) -> None:
        if self._lost is not None:
            return
        self._heard = self._now()
        # A stored message has a subject to be acknowledged at; a publisher may have given it a status, too.
        if headers is not None and not reply and not data and "Status" in headers:
            self._status(headers)
            return
        self._requested -= 1
        try:
            fetched = parse(subject, reply, data, headers)
        except ValueError as error:
            self._lose(str(error))
            return
        if fetched.consumer_sequence != self._expected:
            self._lose(f"deliveries {self._expected} to {fetched.consumer_sequence - 1} never arrived")
            return
        self._expected += 1
        if self._wanted(fetched):
            self._held += 1
            self._held_bytes += len(fetched.data)
            self._arrived.append(fetched)
            self._wake()
        if self._requested < self._credit // 4:
            self._ask()

    def _wanted(self, fetched: Fetched) -> bool:
        """Whether this delivery is to be taken; a reader with acknowledgements sorts redeliveries out."""
        return True

    def _status(self, headers: dict[str, str]) -> None:
        code, text = headers["Status"], headers.get("Description", "")
        if code == "100":
            self.on_idle()
            return
        with contextlib.suppress(ValueError):
            # What this request had not been given when it ended.
            self._requested = max(self._requested - int(headers.get("Nats-Pending-Messages", "0")), 0)
        lowered = text.lower()
        if code == "503":
            self._lose("no such consumer: nobody answers the request")
        elif "deleted" in lowered or "consumer is push based" in lowered:
            self._lose(f"the broker says: {text}")
        elif code == "400":
            self._lose(f"the broker refuses the request: {text}")
        elif code in ("404", "408") or "maxbytes" in lowered.replace(" ", ""):
            self._ask()
        elif code == "409":
            # Leadership changes, a shutting-down server, exceeded limits: ask again, but not in a hot loop.
            asyncio.get_running_loop().call_later(0.2, self._ask)

    def on_idle(self) -> None:
        """The broker has nothing to deliver at the moment."""

    # -- asking ------------------------------------------------------------------------------

    def _ask(self) -> None:
        """Ask for as much as there is room for, unless enough is asked for already."""
        if self._lost is not None or self._session is None:
            return
        room = self._credit - self._held - self._requested
        room_bytes = self._max_bytes - self._held_bytes
        if room <= 0 or room_bytes < self._max_bytes // 2:
            return
        if self._requested and (self._requested >= self._credit // 4 or room < self._credit // 4):
            return
        self._requested += room
        request = b'{"batch":%d,"max_bytes":%d,"expires":%d,"idle_heartbeat":%d}' % (
            room,
            room_bytes,
            EXPIRES_SECONDS * NS,
            HEARTBEAT_SECONDS * NS,
        )
        task = asyncio.create_task(self._send(request))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _send(self, request: bytes) -> None:
        assert self._session is not None
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self.stream}.{self.consumer}"
        try:
            await self._session.publish(subject, request, reply=self._inbox)
        except KanadeError as error:
            self._lose(str(error))

    # -- silence -----------------------------------------------------------------------------

    def _watch(self, seconds: float, *, graced: bool = False) -> None:
        if not self._closed:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._check, graced)

    def _check(self, graced: bool) -> None:
        """A request that is open brings a heartbeat every two seconds, or the broker has forgotten it."""
        if self._lost is not None:
            return
        silent = self._now() - self._heard
        if self._requested <= 0:
            self._ask()
            self._watch(SILENCE_SECONDS)
        elif silent < SILENCE_SECONDS:
            self._watch(SILENCE_SECONDS - silent)
        elif not graced:  # the loop itself may have been held: let it read first
            self._watch(GRACE_SECONDS, graced=True)
        else:
            self._lose(f"no heartbeat of the broker for {silent:.1f} s")
