"""The bus that plugins see (`kanade_host.plugin.context.Bus`), and what the host itself needs beside it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

import msgspec
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from kanade_host.bus.connection import Connection, LastingSubscription, Receive
from kanade_host.bus.kv import Bucket
from kanade_host.bus.object_reading import ObjectReads
from kanade_host.bus.objects import Store
from kanade_host.bus.resources import CONTRACT
from kanade_host.bus.session import CALL_SECONDS, Session, size_of
from kanade_host.plugin.errors import ApiError, BrokerUnavailable, KanadeError, NoResponders, ResourceMissing
from kanade_host.plugin.origin import marked

RESOURCES_SECONDS = 2.0
UNAVAILABLE = 503


class PubAck(msgspec.Struct, frozen=True):
    """A stream has taken a message; `duplicate`: it had it already."""

    stream: str
    sequence: int
    duplicate: bool


class NatsBus:
    """Implements `Bus` on a `Connection`, which whoever made it starts and closes."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.object_reads = ObjectReads()

    # -- state -------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        return self.connection.connected

    @property
    def max_payload(self) -> int:
        return self.session.max_payload

    @property
    def session(self) -> Session:
        """The live session, or `BrokerUnavailable` at once."""
        return self.connection.session

    async def ready(self) -> Session:
        """Wait until the broker is connected."""
        return await self.connection.ready()

    # -- parts -------------------------------------------------------------------------------

    def kv(self, bucket: str) -> Bucket:
        return Bucket(self, bucket)

    def objects(self, store: str) -> Store:
        return Store(self, store)

    def subscription(self, subject: str, receive: Receive) -> LastingSubscription:
        """A core subscription that survives reconnects: an async context manager.

        `receive(message)` is awaited for one message after the other; the attribute `dropped`
        counts what the queue before it (65,536 messages, 64 MiB) had no room for.
        """
        return self.connection.subscription(subject, receive)

    def replies(self, subject: str) -> Replies:
        return Replies(self, subject)

    # -- calls -------------------------------------------------------------------------------

    async def request(self, subject: str, body: bytes, timeout: float) -> bytes:
        return (await self.session.request(subject, body, timeout)).data

    async def call(self, subject: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Msg:
        """A request of the host to the broker itself, with the host's own short timeout.

        Raises `BrokerUnavailable` and `NoResponders`.
        """
        try:
            return await self.session.request(subject, body, CALL_SECONDS, headers)
        except TimeoutError:
            raise BrokerUnavailable(
                f"the broker at {self.connection.url} did not answer on {subject} within {CALL_SECONDS:g} s"
            ) from None

    async def api(self, subject: str, body: bytes = b"") -> dict[str, Any]:
        try:
            answer = await self.call(f"$JS.API.{subject}", body)
        except NoResponders:
            raise BrokerUnavailable(
                f"the broker at {self.connection.url} answers no JetStream calls: "
                "is JetStream switched on there, and may this token use it?"
            ) from None
        decoded: dict[str, Any] = msgspec.json.decode(answer.data, type=dict[str, Any])
        raise_error(decoded.get("error"))
        return decoded

    # -- publishing --------------------------------------------------------------------------

    async def publish(self, subject: str, body: bytes, *, stream: bool = True, id: str | None = None) -> None:
        if stream:
            await self.publish_acknowledged(subject, body, {"Nats-Msg-Id": id} if id is not None else None)
            return
        session = self.session
        await session.publish(subject, body, headers=self._marked(body, None))
        await session.flush()

    async def publish_acknowledged(
        self, subject: str, body: bytes, headers: Mapping[str, str] | None = None
    ) -> PubAck:
        """Publish and wait for the stream that takes the subject.

        Raises `ResourceMissing` (no stream takes it), `ApiError` (the stream refused),
        `BrokerUnavailable`, `InvalidKey`.
        """
        try:
            answer = await self.call(subject, body, self._marked(body, headers))
        except NoResponders:
            raise ResourceMissing(
                f"no stream takes {subject}: it was deleted, or JetStream is off; the host makes it anew"
            ) from None
        try:
            ack = msgspec.json.decode(answer.data, type=dict[str, Any])
        except msgspec.DecodeError:
            raise ApiError(0, 0, f"{subject} was answered by somebody who is no stream") from None
        raise_error(ack.get("error"))
        return PubAck(ack.get("stream", ""), ack.get("seq", 0), ack.get("duplicate", False))

    def _marked(self, body: bytes, headers: Mapping[str, str] | None) -> Mapping[str, str] | None:
        """With the mark of this program, but no message is too large because of it."""
        whole = marked(headers)
        return whole if size_of(body, whole) <= self.session.max_payload else headers

    # -- overview ----------------------------------------------------------------------------

    async def resources(self) -> dict[str, bool]:
        """Never raises: what cannot be asked counts as missing, as in the contract (http-jobs.md 12.4)."""
        present: set[str] = set()
        with contextlib.suppress(KanadeError, TimeoutError):
            async with asyncio.timeout(RESOURCES_SECONDS):
                present = await self.stream_names()
        known = dict.fromkeys((definition.name for definition in CONTRACT), False)
        return known | dict.fromkeys(present, True)

    async def stream_names(self) -> set[str]:
        """The names of all streams, buckets and stores being streams too."""
        names: set[str] = set()
        while True:
            page = await self.api("STREAM.NAMES", msgspec.json.encode({"offset": len(names)}))
            names.update(page.get("streams") or ())
            if not page.get("streams") or len(names) >= page["total"]:
                return names


class Replies:
    """Messages of one subject; see `ReplySubscription`."""

    def __init__(self, bus: NatsBus, subject: str) -> None:
        self._bus, self._subject = bus, subject
        self._bodies: asyncio.Queue[bytes] = asyncio.Queue()
        self._session: Session | None = None
        self._subscription: Subscription | None = None

    async def __aenter__(self) -> Replies:
        self._session = self._bus.session
        self._subscription = await self._session.subscribe(self._subject, self._receive)
        await self._session.flush()
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._session is not None and self._subscription is not None:
            await self._session.unsubscribe(self._subscription)

    async def _receive(self, message: Msg) -> None:
        self._bodies.put_nowait(message.data)

    async def next(self, timeout: float) -> bytes:
        async with asyncio.timeout(timeout):
            return await self._bodies.get()


def raise_error(error: dict[str, Any] | None) -> None:
    """Raise what an answer of the JetStream API carries as its error."""
    if not error:
        return
    code, description = error.get("code", 0), error.get("description", "")
    if code == UNAVAILABLE:
        raise BrokerUnavailable(f"JetStream is not available at the moment: {description}")
    raise ApiError(code, error.get("err_code", 0), description)
