"""aiohttp's connection, with its own errors answered as ours."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from aiohttp import web

from kanade_host.web import outcome
from kanade_host.web.answers import Answer

log = structlog.get_logger("kanade_host.web")


class Connection(web.RequestHandler):
    """One client connection."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What was no HTTP, or broke outside of any handler. The connection ends with the answer."""
        if status >= 500:
            log.error("answering failed", exc_info=exc)
        else:
            log.debug("no valid request", remote=request.remote, reason=message)
        if request.writer.output_size > 0:
            raise ConnectionResetError("a part of the answer is sent already")
        text = "bad request: it could not be parsed as HTTP/1.1" if status < 500 else "internal error"
        return Answer(outcome.text(status, text), b"", close=True)


class Connections(web.Server):
    """Makes a `Connection` for each client."""

    def __init__(self, handler: Any, **options: Any) -> None:
        super().__init__(handler, **options)
        self._options = options

    def __call__(self) -> web.RequestHandler:
        return Connection(self, loop=asyncio.get_running_loop(), **self._options)
