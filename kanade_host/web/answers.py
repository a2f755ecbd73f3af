"""Answers as bytes: lower-case header names, nothing that we did not put there, one write.

aiohttp would add `Server`, a content type to every body and a charset to texts; clients of the contract
are answered without them. A sealed answer can be sent any number of times, which makes a kept answer
cheap: what differs from request to request is three short lines.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

import structlog
from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9a-zA-Z]+")
_TOGETHER = 64 * 1024  # up to here one write of head and body is cheaper than two

log = structlog.get_logger("kanade_host.web")


class BadHeader(ValueError):
    """A header that cannot be sent; the text names it."""


def header_lines(headers: Iterable[tuple[str, str]]) -> bytes:
    """Header lines, each with its line end. Raises `BadHeader` for what would break out of its line."""
    lines = []
    for name, value in headers:
        if not _NAME.fullmatch(name) or _CONTROL.search(value):
            raise BadHeader(f"header {name!r} with value {value[:100]!r} cannot be sent")
        lines.append(f"{name.lower()}: {value}\r\n")
    return "".join(lines).encode("utf-8", "surrogateescape")


def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


_STATUS_LINES = {status.value: _status_line(status.value) for status in HTTPStatus}


def status_line(status: int) -> bytes:
    """`HTTP/1.1 409 Conflict`, with its line end. Clients show the phrase to people."""
    return _STATUS_LINES.get(status) or _status_line(status)


_date: tuple[int, bytes] = (0, b"")


def date_line() -> bytes:
    """The `date` header, made once a second."""
    global _date
    now = int(time.time())
    if _date[0] != now:
        _date = (now, f"date: {formatdate(now, usegmt=True)}\r\n".encode())
    return _date[1]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A whole answer: status line, header lines and body, without what differs between requests."""

    status: int
    head: bytes
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer whose body comes in chunks. `length` None: chunked."""

    status: int
    head: bytes
    chunks: AsyncIterator[bytes]
    length: int | None
    stall: float
    """Seconds that a client may take none of it before the connection is cut."""


def seal(status: int, lines: bytes, body: bytes = b"") -> Sealed:
    """Put an answer together; 204 and 304 have neither body nor length."""
    if status in (204, 304) or status < 200:
        return Sealed(status, status_line(status) + lines)
    return Sealed(status, b"%scontent-length: %d\r\n%s" % (status_line(status), len(body), lines), body)


class Answer(web.StreamResponse):
    """Sends a sealed answer. `lines` are the header lines of this request alone."""

    def __init__(self, sealed: Sealed, lines: bytes, *, close: bool = False) -> None:
        # What the base class would make (a dictionary of headers, a state) is not used: all that aiohttp
        # asks of an answer is prepare, write_eof, keep_alive and status.
        self._status = sealed.status
        self._sealed, self._lines = sealed, lines
        if close:
            self.force_close()

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Nothing is sent before `write_eof`: head and body are one write."""
        self._req = request
        if self._keep_alive is None:
            self._keep_alive = request.keep_alive
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Send it all."""
        request = self._req
        assert request is not None
        assert not data
        sealed = self._sealed
        head = b"".join((sealed.head, date_line(), self._lines, _connection(request, self._keep_alive)))
        body = b"" if request.method == "HEAD" else sealed.body
        if len(body) <= _TOGETHER:
            await request.writer.write(head + body)
        else:
            await request.writer.write(head)
            await request.writer.write(body)


class Stream(web.StreamResponse):
    """Sends an answer chunk by chunk. What breaks off half-way is cut, so that nobody takes it for whole."""

    def __init__(self, streamed: Streamed, lines: bytes) -> None:
        super().__init__(status=streamed.status)
        self._streamed, self._lines = streamed, lines

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the head at once: who listens to live events wants to know that it is heard."""
        self._req, streamed = request, self._streamed
        chunked = streamed.length is None and request.version >= HttpVersion11
        keep = request.keep_alive and (chunked or streamed.length is not None)
        self._chunked, self._keep_alive = chunked, keep
        length = b"" if streamed.length is None else b"content-length: %d\r\n" % streamed.length
        framing = b"transfer-encoding: chunked\r\n" if chunked else length
        head = (status_line(streamed.status), framing, streamed.head, date_line(), self._lines)
        await request.writer.write(b"".join((*head, _connection(request, keep))))
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Send the chunks until there are none."""
        request = self._req
        assert request is not None
        assert not data
        chunks = self._streamed.chunks
        try:
            if request.method != "HEAD":
                await self._send(request, chunks)
        except ConnectionError:
            raise
        except Exception as error:
            log.exception("an answer broke off half-way", path=request.raw_path.partition("?")[0])
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError("the answer broke off") from error
        finally:
            close = getattr(chunks, "aclose", None)
            if close is not None:
                await close()

    async def _send(self, request: web.BaseRequest, chunks: AsyncIterator[bytes]) -> None:
        sent = 0
        async for chunk in chunks:
            if not chunk:
                continue
            sent += len(chunk)
            async with asyncio.timeout(self._streamed.stall):
                framed = b"%x\r\n%s\r\n" % (len(chunk), chunk) if self._chunked else chunk
                await request.writer.write(framed)
        if self._streamed.length is not None and sent != self._streamed.length:
            raise ValueError(f"{sent} bytes were given where {self._streamed.length} were announced")
        if self._chunked:
            await request.writer.write(b"0\r\n\r\n")


def _connection(request: web.BaseRequest, keep: bool | None) -> bytes:
    """The end of the head, with `connection` where the version's default is not what we do."""
    if request.version >= HttpVersion11:
        return b"\r\n" if keep else b"connection: close\r\n\r\n"
    return b"connection: keep-alive\r\n\r\n" if keep else b"connection: close\r\n\r\n"
