"""The connection to the broker: kept up for ever, whatever happens to the broker.

It comes up before the broker does, also with a wrong token (both are logged and tried again), and
after each loss. Subscriptions made here live through all of it; everything else belongs to one
`Session` and begins anew with the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from kanade_host.bus.address import check_subscribe, normalised
from kanade_host.bus.session import PING_SECONDS, Session
from kanade_host.plugin.errors import BrokerUnavailable

log = structlog.get_logger("kanade_host.bus")

LONGEST_WAIT = 4.0
SETTLED_SECONDS = 5.0
REPEAT_LOG_SECONDS = 60.0
CLOSE_SECONDS = 5.0
QUEUE_MESSAGES = 65_536
QUEUE_BYTES = 64 * 1024 * 1024

Callback = Callable[[], Awaitable[None]]
Receive = Callable[[Msg], Awaitable[None]]


def wait_before(attempt: int) -> float:
    """Seconds before that attempt: 0, 2, 4, 8 … ms, doubling up to 4 s (wire.md 13)."""
    return 0.0 if attempt == 0 else min(0.001 * 2.0 ** min(attempt, 20), LONGEST_WAIT)


class LastingSubscription:
    """A core subscription that is made again with each connection.

    `dropped` counts messages that the queue in front of `receive` had no room for.
    """

    def __init__(self, connection: Connection, subject: str, receive: Receive) -> None:
        check_subscribe(subject)
        self.subject = subject
        self.dropped = 0
        self._connection, self._receive = connection, receive
        self._subscription: Subscription | None = None
        self._session: Session | None = None

    @property
    def waiting(self) -> int:
        """Messages that have arrived and wait for `receive`."""
        return 0 if self._subscription is None else self._subscription.pending_msgs

    async def __aenter__(self) -> LastingSubscription:
        await self._connection.keep(self)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._connection.drop(self)

    async def attach(self, session: Session) -> None:
        """Subscribe with this session, unless that is done."""
        if self._session is session:
            return
        self._session = session
        self._subscription = await session.subscribe(
            self.subject, self._receive, messages=QUEUE_MESSAGES, bytes_=QUEUE_BYTES
        )

    async def detach(self, session: Session) -> None:
        if self._subscription is not None:
            await session.unsubscribe(self._subscription)

    def owns(self, subscription: Subscription) -> bool:
        return subscription is self._subscription


class Connection:
    """Opens sessions one after the other; see the module's docstring.

    Raises `BadAddress` when the URL is none. `ping` is the interval in seconds in which a silent
    broker is asked for a sign of life; three unanswered ones end the session.
    """

    def __init__(self, url: str, token: str | None, *, name: str, ping: float = PING_SECONDS) -> None:
        self.url = normalised(url)
        self.failure = "not started"
        self._token, self._name, self._ping = token, name, ping
        self._session: Session | None = None
        self._up = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._closed = False
        self._connected_callbacks: list[Callback] = []
        self._disconnected_callbacks: list[Callback] = []
        self._kept: list[LastingSubscription] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._logged: dict[str, float] = {}

    # -- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to connect; returns at once."""
        if self._running is None:
            self.failure = f"not connected to {self.url} yet"
            self._running = asyncio.create_task(self._run(), name="broker connection")

    async def close(self) -> None:
        """Flush, say goodbye and stop; takes five seconds at most, connected or not. Never raises."""
        self._closed = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                session = self._session
                if session is not None:
                    await session.close()
                await self._end([task for task in (self._running, *self._tasks) if task is not None])
        self._lost("the host closed the connection")

    @staticmethod
    async def _end(tasks: list[asyncio.Task[None]]) -> None:
        current = asyncio.current_task()
        others = [task for task in tasks if task is not current]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _run(self) -> None:
        attempt = 0
        while not self._closed:
            await asyncio.sleep(wait_before(attempt))
            attempt += 1
            session = await self._open()
            if session is None:
                continue
            began = time.monotonic()
            try:
                reason = await self._serve(session)
            finally:
                await session.close(flush=False)
            self._lost(reason)
            if not self._closed:
                log.warning("connection to the broker lost", url=self.url, reason=reason)
            if time.monotonic() - began > SETTLED_SECONDS:
                attempt = 0

    async def _open(self) -> Session | None:
        try:
            return await Session.open(
                self.url, self._token, name=self._name, on_error=self._on_error, ping=self._ping
            )
        except Exception as error:  # whatever it is, the broker is away, and it is tried again
            reason = str(error) or type(error).__name__
            if "authorization violation" in reason.lower():
                reason += f": the broker refuses {'this token' if self._token else 'a client without token'};"
                reason += " KANADE_NATS_TOKEN has to hold the broker's"
            self.failure = f"cannot connect to {self.url}: {reason}"
            self._log_rarely("cannot connect to the broker; trying on", reason)
            return None

    async def _serve(self, session: Session) -> str:
        """Use this session until it is lost; answers why."""
        try:
            await self._attach_all(session)
            await session.flush()
            self._session = session
            await self._attach_all(session)  # those that came meanwhile
        except BrokerUnavailable as error:
            return str(error)
        self.failure = ""
        self._logged.clear()
        self._up.set()
        log.info("connected to the broker", url=self.url)
        self._call(self._connected_callbacks)
        return await asyncio.shield(session.lost)

    async def _attach_all(self, session: Session) -> None:
        for kept in list(self._kept):
            await kept.attach(session)

    def _lost(self, reason: str) -> None:
        was_up = self._up.is_set()
        self._session = None
        self._up.clear()
        self.failure = f"not connected to {self.url}: {reason}"
        if was_up and not self._closed:
            self._call(self._disconnected_callbacks)

    # -- state -------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        return self._session is not None and self._session.alive

    @property
    def session(self) -> Session:
        """The live session. Raises `BrokerUnavailable` at once when there is none."""
        session = self._session
        if session is None or not session.alive:
            raise BrokerUnavailable(self.failure or f"the connection to {self.url} was lost a moment ago")
        return session

    async def ready(self) -> Session:
        """Wait until there is a live session."""
        while True:
            session = self._session
            if session is not None and session.alive:
                return session
            self._up.clear()
            await self._up.wait()

    def on_connected(self, callback: Callback) -> None:
        """Call this after the first connect and after each reconnect, as a task of its own."""
        self._connected_callbacks.append(callback)

    def on_disconnected(self, callback: Callback) -> None:
        """Call this after each loss."""
        self._disconnected_callbacks.append(callback)

    def _call(self, callbacks: list[Callback]) -> None:
        for callback in callbacks:
            task = asyncio.create_task(self._guarded(callback))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    @staticmethod
    async def _guarded(callback: Callback) -> None:
        try:
            await callback()
        except Exception:
            log.exception("a callback of the broker connection failed")

    # -- lasting subscriptions ---------------------------------------------------------------

    def subscription(self, subject: str, receive: Receive) -> LastingSubscription:
        """An async context manager: inside it, `receive(subject, body)` is awaited for each message."""
        return LastingSubscription(self, subject, receive)

    async def keep(self, subscription: LastingSubscription) -> None:
        """Subscribe now, if connected, and with each later connection."""
        self._kept.append(subscription)
        session = self._session
        if session is not None and session.alive:
            with contextlib.suppress(BrokerUnavailable):
                await subscription.attach(session)
                await session.flush()

    async def drop(self, subscription: LastingSubscription) -> None:
        self._kept.remove(subscription)
        if self._session is not None:
            await subscription.detach(self._session)

    # -- errors ------------------------------------------------------------------------------

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, nats.errors.SlowConsumerError):
            for kept in self._kept:
                if kept.owns(error.sub):
                    kept.dropped += 1
        losing = isinstance(error, (nats.errors.UnexpectedEOF, nats.errors.StaleConnectionError))
        if not losing and not self._closed and self._session is not None:
            self._log_rarely("the broker connection reports an error", f"{type(error).__name__}: {error}")

    def _log_rarely(self, event: str, reason: str) -> None:
        """The same trouble is logged once a minute."""
        now = time.monotonic()
        if now - self._logged.get(reason, -REPEAT_LOG_SECONDS) < REPEAT_LOG_SECONDS:
            return
        if len(self._logged) > 100:
            self._logged.clear()
        self._logged[reason] = now
        log.warning(event, url=self.url, reason=reason)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something in the background that ends with the connection at the latest."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
