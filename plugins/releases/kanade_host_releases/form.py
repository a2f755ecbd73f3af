"""Multipart bodies of any size, read piece by piece (`contract/http-fleet.md` 2.4, 10.1, 10.6).

aiohttp's reader finds the parts; it is given the request's chunks as they arrive, so that no more than
a few chunks are in memory and an upload goes no faster than the broker takes it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.message import Message
from typing import cast

from aiohttp import BodyPartReader, MultipartReader, StreamReader
from aiohttp.http_exceptions import HttpProcessingError

from kanade_host.plugin import HttpError, Request

PIECE = 128 * 1024
LINE = 64 * 1024
BAD_BOUNDARY = "Invalid `boundary` for `multipart/form-data` request"
BROKEN = "Error parsing `multipart/form-data` request"
FAULTS = (ValueError, AssertionError, RuntimeError, HttpProcessingError)


class BrokenForm(Exception):
    """What arrived is no multipart body, or only the beginning of one."""


class _Content:
    """The request's chunks as the stream that aiohttp's reader reads from."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks, self._buffer, self._ended = chunks, bytearray(), False

    async def _more(self) -> None:
        try:
            self._buffer += await anext(self._chunks)
        except StopAsyncIteration:
            self._ended = True

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    async def read(self, size: int) -> bytes:
        while not self._buffer and not self._ended:
            await self._more()
        return self._take(size)

    async def readline(self, *, max_line_length: int = LINE) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0 and not self._ended:
            if len(self._buffer) > max_line_length:
                raise BrokenForm
            await self._more()
        return self._take(end + 1 if end >= 0 else len(self._buffer))

    def at_eof(self) -> bool:
        return self._ended and not self._buffer

    def unread_data(self, data: bytes) -> None:
        self._buffer[:0] = data

    async def drain(self) -> None:
        """Read what comes after the last boundary, and forget it."""
        self._buffer.clear()
        while not self._ended:
            await self._more()
            self._buffer.clear()


class Form:
    """The body of one request. Raises `HttpError` 400 when the request names no boundary."""

    def __init__(self, request: Request) -> None:
        boundary = _boundary(request.headers.get("content-type", ""))
        self._content = _Content(request.chunks())
        try:
            self._reader = MultipartReader(
                {"Content-Type": f'multipart/form-data; boundary="{boundary}"'},
                cast("StreamReader", self._content),
            )
        except (ValueError, AssertionError):
            raise HttpError(400, BAD_BOUNDARY) from None

    async def next(self) -> BodyPartReader | None:
        """The next field, None after the last one. What was not read of the one before is read over."""
        try:
            part = await self._reader.next()
        except (*FAULTS, BrokenForm):
            raise HttpError(400, f"read multipart field: {BROKEN}") from None
        if part is None:
            await self._content.drain()
        elif not isinstance(part, BodyPartReader):
            raise HttpError(400, f"read multipart field: {BROKEN}")  # a body within the body
        return part

    async def pieces(self, part: BodyPartReader) -> AsyncIterator[bytes]:
        """The bytes of a field, none of them empty. Raises `BrokenForm`."""
        try:
            while not part.at_eof():  # an empty piece may also mean that the body was cut short
                if piece := await part.read_chunk(PIECE):
                    yield bytes(piece)
        except FAULTS as error:
            raise BrokenForm from error

    async def drain(self, part: BodyPartReader) -> None:
        """Read a field that nobody asked for."""
        try:
            async for _ in self.pieces(part):
                pass
        except BrokenForm:
            raise HttpError(400, f'drain field "{part.name or ""}": {BROKEN}') from None


def _boundary(content_type: str) -> str:
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise HttpError(400, BAD_BOUNDARY)
    if not boundary or not boundary.isascii() or not boundary.isprintable() or '"' in boundary:
        raise HttpError(400, BAD_BOUNDARY)
    return boundary
