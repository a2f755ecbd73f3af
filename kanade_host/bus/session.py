"""One connection to the broker, from its handshake to its loss.

nats-py's own reconnecting buffers what is published meanwhile, leaves requests waiting out their whole
timeout, closes for good on any `-ERR`, and can hang on a half-open socket (pitfalls.md). So a session
never heals: when it is lost, everything that waits on it fails at once, and `Connection` opens a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import nats.errors
from nats.aio.client import Client, Srv
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from kanade_host.bus.address import INVALID_SUBJECT, check_publish, check_subscribe
from kanade_host.bus.deliveries import DeliveryParser, OnDelivery
from kanade_host.bus.lines import divide_by_spaces_and_tabs
from kanade_host.bus.transport import TcpTransport, WebSocketTransport
from kanade_host.plugin.errors import BrokerUnavailable, InvalidKey, MessageTooLarge, NoResponders

CONNECT_SECONDS = 2
PING_SECONDS = 5.0
PINGS_OUTSTANDING = 2
CALL_SECONDS = 5.0
UNSENT_LIMIT = 64 * 1024 * 1024

OnMessage = Callable[[Msg], Awaitable[None]]
OnError = Callable[[Exception], None]


class _Client(Client):
    """nats-py's client without its reconnecting: what goes wrong is reported, and that is all.

    Overrides internals of nats-py 2.16.0, which is pinned exactly; tests/bus/test_connection.py fails
    when they change.
    """

    def __init__(self, lost: Callable[[str], None]) -> None:
        super().__init__()
        divide_by_spaces_and_tabs()
        self._lost = lost
        self._ps = DeliveryParser(self)
        self.deliveries = self._ps.deliveries
        """By subscription: whoever takes messages while the bytes that hold them are read."""

    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes | None
    ) -> None:
        """A message object, a queue and a task for each are half of what reading a message costs."""
        deliver = self.deliveries.get(sid)
        if deliver is None:
            await super()._process_msg(sid, subject, reply, data, headers)  # type: ignore[arg-type]
        else:
            deliver(subject, reply, data, await self._process_headers(headers) if headers else None)

    def _build_message(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: dict[str, str] | None
    ) -> Msg:
        """Subjects may hold any bytes: what is no UTF-8 must not end the reading of everything else."""
        if not subject.isascii():
            subject = subject.decode("utf-8", "replace").encode()
        built: Msg = super()._build_message(sid, subject, reply, data, headers)
        return built

    async def _process_headers(self, headers: bytes) -> dict[str, str] | None:
        """Headers that cannot be read are none, and end no connection."""
        try:
            read: dict[str, str] | None = await super()._process_headers(headers)
        except (ValueError, IndexError, KeyError, TypeError):
            return None
        return read

    async def _select_next_server(self) -> None:
        server = self._server_pool[0]
        await self._connect_to_server(server)
        self._current_server = server

    async def _connect_to_server(self, s: Srv) -> None:
        if self._transport is None:
            web = s.uri.scheme in ("ws", "wss")
            self._transport = WebSocketTransport(self._lost) if web else TcpTransport(self._lost)
        await super()._connect_to_server(s)

    def _connect_command(self) -> bytes:
        assert self._current_server is not None
        assert isinstance(self._transport, (TcpTransport, WebSocketTransport))
        if self._current_server.uri.scheme == "tls" and not self._transport.encrypted:
            # nats-py would send the token in clear text to a server that does not ask for TLS.
            raise nats.errors.Error("the address says tls://, but the broker offers no TLS")
        return super()._connect_command()

    async def _process_op_err(self, e: Exception) -> None:
        self._lost(str(e) or type(e).__name__)

    async def _process_err(self, err_msg: str) -> None:
        if "permissions violation" in err_msg:
            await self._error_cb(nats.errors.Error(f"the broker says: {err_msg}"))
        else:
            self._lost(f"the broker says: {err_msg}")

    async def _process_pong(self) -> None:
        # The original raises for a ping that nobody waits for any more, which ends the reading loop.
        if self._pongs:
            waiting = self._pongs.pop(0)
            if not waiting.done():
                waiting.set_result(True)
            self._pongs_received += 1
            self._pings_outstanding = 0


def size_of(body: bytes, headers: Mapping[str, str] | None) -> int:
    """Bytes of a message as the broker's limit counts them, nearly."""
    return len(body) + sum(len(name) + len(value) + 4 for name, value in (headers or {}).items())


class Session:
    """A live connection. `lost` is done, with the reason, once it is no more."""

    def __init__(self, on_error: OnError) -> None:
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._client = _Client(self._lose)
        self._on_error = on_error
        self._waiting: dict[str, asyncio.Future[Msg]] = {}
        self._tokens = itertools.count()
        self._inbox = ""

    @classmethod
    async def open(
        cls, url: str, token: str | None, *, name: str, on_error: OnError, ping: float = PING_SECONDS
    ) -> Session:
        """Connect once. Raises whatever prevents it; nothing is left behind then."""
        session = cls(on_error)
        try:
            await session._open(url, token, name, ping)
        except BaseException:
            await session.close(flush=False)
            raise
        return session

    async def _open(self, url: str, token: str | None, name: str, ping: float) -> None:
        await self._client.connect(
            url,
            name=name,
            token=token,
            error_cb=self._error,
            allow_reconnect=False,
            connect_timeout=CONNECT_SECONDS,
            ping_interval=ping,  # type: ignore[arg-type]  # given to asyncio.sleep
            max_outstanding_pings=PINGS_OUTSTANDING,
            dont_randomize=True,
            pending_size=UNSENT_LIMIT,
        )
        reading = self._client._reading_task
        assert reading is not None
        reading.add_done_callback(lambda _: self._lose("reading from the broker ended"))
        self._inbox = self.new_inbox()
        await self._client.subscribe(f"{self._inbox}.*", cb=self._answered)

    # -- state -------------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        return not self.lost.done()

    @property
    def max_payload(self) -> int:
        """Bytes of headers and body that the broker takes."""
        return self._client.max_payload

    @property
    def _transport(self) -> TcpTransport | WebSocketTransport | None:
        transport = self._client._transport
        assert transport is None or isinstance(transport, (TcpTransport, WebSocketTransport))
        return transport

    def _lose(self, reason: str) -> None:
        if self.lost.done():
            return
        self.lost.set_result(reason)
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(BrokerUnavailable(f"the connection to the broker was lost: {reason}"))

    async def _error(self, error: Exception) -> None:
        self._on_error(error)

    def check(self) -> None:
        """Raises `BrokerUnavailable` when this session is lost."""
        if self.lost.done():
            raise BrokerUnavailable(f"the connection to the broker was lost: {self.lost.result()}")

    async def close(self, *, flush: bool = True) -> None:
        """Say goodbye; never raises, and takes two seconds at most."""
        if flush and self.alive:
            with contextlib.suppress(BrokerUnavailable):
                await self.flush(timeout=1.0)
        self._lose("the host closed the connection")
        if self._transport is not None:
            self._transport.abort()
        with contextlib.suppress(Exception):
            async with asyncio.timeout(1.0):
                await self._client.close()

    # -- sending -----------------------------------------------------------------------------

    def new_inbox(self) -> str:
        return self._client.new_inbox()

    async def publish(
        self, subject: str, body: bytes, *, reply: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        """Hand a message to the socket: no proof that it arrived.

        Raises `InvalidKey` (bad subject), `MessageTooLarge`, `BrokerUnavailable`.
        """
        check_publish(subject)
        self.check()
        size = size_of(body, headers)
        if size > self.max_payload:
            raise MessageTooLarge(self.max_payload, size)
        unsent = self._transport.unsent if self._transport is not None else 0
        if unsent > UNSENT_LIMIT:
            raise BrokerUnavailable(f"the broker takes nothing: {unsent} bytes wait to be sent")
        try:
            await self._client.publish(subject, body, reply, dict(headers) if headers else None)
        except (nats.errors.Error, OSError) as error:
            raise BrokerUnavailable(f"publishing failed: {error}") from None

    def write(self, lines: bytes) -> None:
        """Write whole protocol lines in one go: acknowledgements, a thousand at a time.

        Nothing happens when the session is lost.
        """
        transport = self._transport
        if transport is None or not self.alive:
            return
        transport.write(lines)
        if isinstance(transport, WebSocketTransport):
            # Its writes wait for a drain, which pings and other publishes bring about anyway.
            draining = asyncio.ensure_future(transport.drain())
            draining.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def flush(self, timeout: float = CALL_SECONDS) -> None:
        """Wait until the broker has seen all that was sent so far. Raises `BrokerUnavailable`."""
        self.check()
        flushing = asyncio.ensure_future(self._round_trip(timeout))
        try:
            ends: list[asyncio.Future[Any]] = [flushing, self.lost]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            self.check()
            await flushing
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise BrokerUnavailable(f"the broker does not answer: {error}") from None
        finally:
            if not flushing.done():
                flushing.cancel()

    async def _round_trip(self, timeout: float) -> None:
        # nats-py's `flush` sends its ping ahead of what still waits to be written.
        async with asyncio.timeout(timeout):
            await self._client._flush_pending(force_flush=True)
            await self._client.flush(timeout=timeout)  # type: ignore[arg-type]

    # -- receiving ---------------------------------------------------------------------------

    async def subscribe(
        self, subject: str, receive: OnMessage, *, messages: int = 0, bytes_: int = 0
    ) -> Subscription:
        """Subscribe for the life of the session.

        `receive` is called for one message after the other. Without limits the queue in front of it is
        unbounded: only for callers who ask for what they get. Beyond limits messages are dropped, and
        the session's error callback is told.
        """
        check_subscribe(subject)
        self.check()
        try:
            return await self._client.subscribe(
                subject, cb=receive, pending_msgs_limit=messages, pending_bytes_limit=bytes_
            )
        except nats.errors.BadSubjectError:
            raise InvalidKey(INVALID_SUBJECT) from None
        except (nats.errors.Error, OSError) as error:
            raise BrokerUnavailable(f"subscribing failed: {error}") from None

    async def subscribe_at_once(self, subject: str, deliver: OnDelivery) -> Subscription:
        """Subscribe for the life of the session; `deliver` is called for each message as it is read.

        It must not raise, and what it does holds up everything else on the connection. Raises
        `BrokerUnavailable`.
        """
        self.check()
        try:
            subscription = await self._client.subscribe(subject)
        except (nats.errors.Error, OSError) as error:
            raise BrokerUnavailable(f"subscribing failed: {error}") from None
        self._client.deliveries[subscription._id] = deliver
        return subscription

    async def unsubscribe(self, subscription: Subscription) -> None:
        """Best effort: on a lost session there is nothing to do."""
        self._client.deliveries.pop(subscription._id, None)
        if self.alive:
            with contextlib.suppress(nats.errors.Error, OSError):
                await subscription.unsubscribe()

    async def request(
        self,
        subject: str,
        body: bytes,
        timeout: float = CALL_SECONDS,
        headers: Mapping[str, str] | None = None,
    ) -> Msg:
        """One question, one answer.

        Raises `NoResponders`, `TimeoutError`, `BrokerUnavailable` (at once when the connection is lost
        meanwhile), `InvalidKey`, `MessageTooLarge`.
        """
        check_subscribe(subject)
        token = str(next(self._tokens))
        future: asyncio.Future[Msg] = asyncio.get_running_loop().create_future()
        self._waiting[token] = future
        try:
            await self.publish(subject, body, reply=f"{self._inbox}.{token}", headers=headers)
            async with asyncio.timeout(timeout):
                answer = await future
        finally:
            del self._waiting[token]
            if future.done() and not future.cancelled():
                future.exception()  # seen, also where the asker was cancelled at the same moment
        if answer.headers and answer.headers.get("Status") == "503" and not answer.data:
            raise NoResponders(f"nobody answers on {subject}")
        return answer

    async def _answered(self, message: Msg) -> None:
        future = self._waiting.get(message.subject[len(self._inbox) + 1 :])
        if future is not None and not future.done():
            future.set_result(message)
