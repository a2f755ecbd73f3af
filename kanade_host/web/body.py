"""Request bodies: bounded in bytes and in time, never inflated (`contract/http-fleet.md` 2.4)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from kanade_host.plugin.errors import HttpError, PluginError
from kanade_host.plugin.json import BadJson, BadShape, Decoder
from kanade_host.plugin.routes import Route
from kanade_host.web import rejections

Kind = Literal["json", "raw", "stream", "none"]

_JSON_TYPE = re.compile(r"\s*application/(?:json|[^;\s]+\+json)\s*(?:;.*)?", re.IGNORECASE | re.DOTALL)
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a body may take: `idle` seconds without a byte, and `rate` bytes a second over all."""

    idle: float = 30.0
    rate: float = 64 * 1024


def is_json_type(content_type: str | None) -> bool:
    """`application/json` or `application/*+json`, any case, parameters allowed."""
    return content_type is not None and _JSON_TYPE.fullmatch(content_type) is not None


class BodyReader:
    """Reads the bodies of one route; made once for each."""

    def __init__(self, route: Route, patience: Patience) -> None:
        self.kind: Kind = route.body or ("json" if route.request is not None else "none")
        if self.kind == "json" and route.request is None:
            raise PluginError(f"route {route.method} {route.path} reads JSON, but names no type for it")
        self._decoder = Decoder(route.request) if self.kind == "json" else None
        self._limit, self._own, self._patience = route.body_limit, route.too_large, patience

    async def read(self, raw: web.BaseRequest) -> Any:
        """The body as `Request.body` shows it. Raises `HttpError`."""
        if self.kind in ("none", "stream"):
            return None
        if self.kind == "json" and not is_json_type(raw.headers.get("content-type")):
            raise rejections.not_json_type()
        data = await self._whole(raw)
        if self._decoder is None:
            return data
        try:
            return self._decoder.decode(data)
        except BadJson as error:
            raise rejections.bad_json(error) from None
        except BadShape as error:
            raise rejections.bad_shape(error) from None

    async def _whole(self, raw: web.BaseRequest) -> bytes:
        gathered = bytearray()
        seconds = self._patience.idle + self._limit / self._patience.rate
        try:
            async with asyncio.timeout(seconds):
                async for chunk in self.chunks(raw):
                    gathered += chunk
        except TimeoutError:
            raise rejections.too_slow() from None
        return bytes(gathered)

    async def chunks(self, raw: web.BaseRequest) -> AsyncIterator[bytes]:
        """The body as it arrives; `HttpError` 413 (or the route's own) beyond the limit."""
        coding = raw.headers.get("content-encoding", "identity").strip().lower()
        if coding not in ("identity", ""):
            raise rejections.encoded_body(coding)
        announced = raw.content_length
        if announced is not None and announced > self._limit:
            raise rejections.too_large(self._own)
        if not raw.can_read_body:
            return
        if raw.headers.get("expect", "").lower() == "100-continue":
            await raw.writer.write(_CONTINUE)
            raw.writer.output_size = 0  # so that a later error may still be answered
        got = 0
        while chunk := await self._next(raw):
            got += len(chunk)
            if got > self._limit:
                raise rejections.too_large(self._own)
            yield chunk

    async def _next(self, raw: web.BaseRequest) -> bytes:
        try:
            async with asyncio.timeout(self._patience.idle):
                return await raw.content.readany()
        except TimeoutError:
            raise rejections.too_slow() from None
        except (web.RequestPayloadError, HttpProcessingError) as error:
            raise rejections.broken_body(type(error).__name__) from None


def closes(error: HttpError) -> bool:
    """After these the rest of the body is not worth waiting for: the connection ends with the answer."""
    return error.status in (408, 413)
