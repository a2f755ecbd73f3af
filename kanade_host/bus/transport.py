"""Sockets that notice a dead peer, and that can be dropped at once.

A connection with unsent bytes to a peer that vanished hangs nats-py's closing for up to fifteen
minutes (nats.py #671): hence TCP_USER_TIMEOUT where there is one, and `abort` everywhere.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import ParseResult

import nats.errors
from nats.aio import transport as nats_transport

READ_BYTES = 256 * 1024
UNACKNOWLEDGED_MS = 4_000

Lost = Callable[[str], None]


class TcpTransport(nats_transport.TcpTransport):
    """nats-py's TCP transport; `lost` is called when the peer is gone."""

    def __init__(self, lost: Lost) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._lost = lost
        self._dropped = False

    def __bool__(self) -> bool:
        return True  # nats-py makes another transport for one that is not connected yet

    async def connect(self, uri: ParseResult, buffer_size: int, connect_timeout: int) -> None:
        await super().connect(uri, max(buffer_size, READ_BYTES), connect_timeout)
        sock = self._stream().get_extra_info("socket")
        option = getattr(socket, "TCP_USER_TIMEOUT", None)
        if sock is not None and option is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, UNACKNOWLEDGED_MS)

    async def read(self, buffer_size: int) -> bytes:
        try:
            data = bytes(await super().read(max(buffer_size, READ_BYTES)))
        except OSError as error:
            self._lost(f"reading failed: {error}")
            raise
        if not data:
            self._lost("the broker closed the connection")
        return data

    def write(self, payload: bytes) -> None:
        if not self._dropped:
            super().write(payload)  # type: ignore[no-untyped-call]

    def writelines(self, payload: Iterable[bytes]) -> None:
        if not self._dropped:
            super().write(b"".join(payload))  # type: ignore[no-untyped-call]

    async def drain(self) -> None:
        if not self._dropped:
            await super().drain()  # type: ignore[no-untyped-call]

    async def wait_closed(self) -> None:
        """Never waits for the peer: `abort` has freed the socket already."""

    def abort(self) -> None:
        """Drop the connection with whatever is unsent; never waits."""
        self._dropped = True
        if self._io_writer is not None:
            self._stream().abort()

    @property
    def unsent(self) -> int:
        """Bytes that the operating system has not taken yet."""
        return int(self._stream().get_write_buffer_size()) if self._io_writer is not None else 0

    @property
    def encrypted(self) -> bool:
        return self._io_writer is not None and self._stream().get_extra_info("ssl_object") is not None

    def _stream(self) -> Any:
        assert self._io_writer is not None
        return self._io_writer.transport


class WebSocketTransport(nats_transport.WebSocketTransport):
    """nats-py's websocket transport with the same additions."""

    def __init__(self, lost: Lost) -> None:
        super().__init__()
        self._lost = lost
        self._dropped = False
        self._secure = False

    def __bool__(self) -> bool:
        return True

    async def connect(self, uri: ParseResult, buffer_size: int, connect_timeout: int) -> None:
        await self._open(uri, connect_timeout, None)

    async def connect_tls(
        self,
        uri: str | ParseResult,
        ssl_context: ssl.SSLContext,
        buffer_size: int,
        connect_timeout: int,
    ) -> None:
        if self._secure:
            return  # INFO says that TLS is required, and it is there already
        if isinstance(uri, str):
            raise nats.errors.ProtocolError("the broker asks for TLS inside a ws:// connection: use wss://")
        await self._open(uri, connect_timeout, ssl_context)
        self._secure = True

    async def _open(self, uri: ParseResult, seconds: float, context: ssl.SSLContext | None) -> None:
        # nats-py gives aiohttp the time limit in a form that is deprecated, and means something else.
        async with asyncio.timeout(seconds):
            self._ws = await self._client.ws_connect(uri.geturl(), ssl=context or True, max_msg_size=0)

    async def readline(self) -> bytes:
        try:
            data = bytes(await super().readline())  # type: ignore[no-untyped-call]
        except OSError as error:
            self._lost(f"reading failed: {error}")
            raise
        if not data:
            self._lost("the broker closed the connection")
        return data

    async def drain(self) -> None:
        if not self._dropped:
            await super().drain()  # type: ignore[no-untyped-call]

    def abort(self) -> None:
        """Drop the connection; the goodbye is sent in the background."""
        self._dropped = True
        self.close()  # type: ignore[no-untyped-call]

    @property
    def unsent(self) -> int:
        return int(self._pending.qsize()) * 512  # messages, not bytes: an estimate

    @property
    def encrypted(self) -> bool:
        return self._secure
