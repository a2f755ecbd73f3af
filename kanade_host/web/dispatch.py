"""One request, from its raw path to its answer, in the contract's order of decisions.

401, 403, 405, is the plugin there, path, query, body, handler (`contract/http-fleet.md` 1.1, 3.1). Whatever
goes wrong in a handler ends here as an answer, never as a broken connection.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol

import structlog
from aiohttp import web
from structlog.contextvars import bind_contextvars

from kanade_host.plugin.authenticators import Principal, Refusal, Role
from kanade_host.plugin.errors import HttpError
from kanade_host.web import access, outcome, rejections
from kanade_host.web.answers import Answer, Sealed, Stream, Streamed
from kanade_host.web.authentication import NOBODY, Authentication, credentials
from kanade_host.web.body import closes
from kanade_host.web.calling import Armed, Unwatched, call_chunks, call_handler
from kanade_host.web.changes import Changes
from kanade_host.web.endpoint import Endpoint, gate
from kanade_host.web.headers import REQUEST_ID, usable_id
from kanade_host.web.incoming import Incoming
from kanade_host.web.kept import Entry, Kept, matches
from kanade_host.web.matching import NotUtf8, Place, Table, decoded
from kanade_host.web.metrics import HttpMetrics
from kanade_host.web.query import grouped
from kanade_host.web.within import TookTooLong, within

log = structlog.get_logger("kanade_host.web")


class Files(Protocol):
    """What answers paths outside `/api/` that no route has."""

    async def answer(self, method: str, path: str, headers: Mapping[str, str]) -> Sealed: ...


@dataclass(slots=True)
class Exchange:
    """What is known of one request by and by: for its log line, its counters and its answer."""

    raw: web.BaseRequest
    path: str
    query: str
    id: str
    commit: bytes = b""
    principal: Principal = NOBODY
    plugin: str = ""
    template: str = "(none)"
    close: bool = False


class Dispatch:
    """aiohttp's request handler."""

    def __init__(
        self,
        *,
        authentication: Authentication,
        changes: Changes,
        kept: Kept,
        files: Files,
        metrics: HttpMetrics,
        stall: float = 120.0,
    ) -> None:
        self.table: Table[Endpoint] = Table()
        self.starting = True
        self.watch: Armed = Unwatched()
        self._authentication, self._changes, self._kept = authentication, changes, kept
        self.files, self._metrics, self._stall = files, metrics, stall
        self._prefix, self._count = secrets.token_hex(4), count(1)

    async def __call__(self, raw: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        began = time.perf_counter()
        path, _, query = raw.raw_path.partition("?")
        if not path.startswith("/"):
            path = _origin_form(path)
        id = usable_id(raw.headers.get(REQUEST_ID)) or f"{self._prefix}-{next(self._count):x}"
        exchange = Exchange(raw, path, query, id)
        self._metrics.in_flight += 1
        try:
            answer = await self._decide(exchange)
        except Exception as error:
            answer = self._failed(exchange, error)
        finally:
            self._metrics.in_flight -= 1
        seconds = time.perf_counter() - began
        status = answer.status
        self._metrics.observe(exchange.plugin, raw.method, exchange.template, status, seconds)
        probe = self.starting or path.startswith("/health")
        level = access.level_of(raw.method, status, probe=probe)
        if level is not None:
            access.record(
                level,
                raw.method,
                path,
                status,
                seconds,
                request_id=id,
                principal=exchange.principal.subject,
                plugin=exchange.plugin,
            )
        own = b"%sx-request-id: %s\r\n" % (exchange.commit, id.encode())
        if isinstance(answer, Sealed):
            return Answer(answer, own, close=exchange.close)
        return Stream(answer, own)

    # -- decisions ---------------------------------------------------------------------------

    async def _decide(self, exchange: Exchange) -> Sealed | Streamed:
        raw, path = exchange.raw, exchange.path
        found = self.table.find(path)
        if found is None:
            return await self._unmatched(exchange)
        place, captured = found
        endpoint = place.methods.get(raw.method)
        if endpoint is None:
            return await self._not_allowed(exchange, place)
        exchange.plugin, exchange.template = endpoint.plugin, endpoint.template
        if endpoint.needs is not None:
            if self.starting:
                return _starting()
            refusal = await self._admit(exchange, endpoint.needs.role)
            if refusal is not None:
                return refusal
        else:
            exchange.principal = await self._authentication.guess(credentials(raw, path))
        down = endpoint.down()
        if down is not None:
            raise rejections.plugin_down(endpoint.plugin, down)
        exchange.commit = self._changes.commit_line
        if endpoint.fresh is not None:
            return await self._kept_answer(exchange, endpoint, captured)
        result = await self._execute(exchange, endpoint, captured)
        if raw.method not in ("GET", "HEAD"):
            exchange.commit = self._changes.commit_line
        return outcome.answered(
            result, endpoint.route.status, self._stall, lambda chunks: self._chunks(endpoint, chunks)
        )

    async def _admit(self, exchange: Exchange, role: Role, allow: str = "") -> Sealed | None:
        """Find out who asks; the refusal if they may not."""
        headers = (("allow", allow),) if allow else ()
        found = await self._authentication.ask_within(credentials(exchange.raw, exchange.path))
        if isinstance(found, Refusal):
            if found.retry_after is not None:
                headers = (*headers, ("retry-after", str(found.retry_after)))
            return outcome.bare(found.status, found.text, *headers)
        exchange.principal = found
        if found.role < role:
            return outcome.bare(403, rejections.role_text(role, found), *headers)
        return None

    async def _not_allowed(self, exchange: Exchange, place: Place[Endpoint]) -> Sealed:
        exchange.plugin = next(iter(place.methods.values())).plugin
        exchange.template = "(method not allowed)"
        needed = gate(place)
        if needed is not None:
            if self.starting:
                return _starting()
            refusal = await self._admit(exchange, needed, place.allow)
            if refusal is not None:
                return refusal
        return outcome.bare(405, "", ("allow", place.allow))

    async def _unmatched(self, exchange: Exchange) -> Sealed:
        raw, path = exchange.raw, exchange.path
        if not path.startswith("/api/"):
            exchange.template = "(static)"
            return await self.files.answer(raw.method, path, raw.headers)
        if self.starting:
            return _starting()
        refusal = await self._admit(exchange, Role.VIEWER)
        return refusal or outcome.text(404, rejections.NO_ROUTE)

    # -- kept answers ------------------------------------------------------------------------

    async def _kept_answer(
        self, exchange: Exchange, endpoint: Endpoint, captured: tuple[str, ...]
    ) -> Sealed | Streamed:
        raw, principal = exchange.raw, exchange.principal
        key = (raw.raw_path, int(principal.role), principal.scope)
        entry = self._kept.get(key)
        asked = raw.headers.get("if-none-match")
        if entry is not None:
            return entry.unchanged if asked is not None and matches(asked, entry.etag) else entry.answer
        fresh = endpoint.fresh
        assert fresh is not None

        async def run() -> tuple[Sealed, Entry | None]:
            result = await self._execute(exchange, endpoint, captured)
            return outcome.keepable(result, endpoint.route.status, fresh)

        answer, entry = await self._kept.make(key, fresh, run)
        if entry is not None and asked is not None and matches(asked, entry.etag):
            return entry.unchanged
        return answer

    # -- handlers ----------------------------------------------------------------------------

    async def _execute(self, exchange: Exchange, endpoint: Endpoint, captured: tuple[str, ...]) -> Any:
        """Read path, query and body, in that order, and run the handler."""
        raw = exchange.raw
        try:
            path = decoded(endpoint.names, captured)
        except NotUtf8 as error:
            raise rejections.not_utf8(str(error)) from None
        request = Incoming(
            raw, endpoint.ctx, endpoint.body, id=exchange.id, path=path, principal=exchange.principal
        )
        request.query = endpoint.query.read(exchange.query) if endpoint.query else grouped(exchange.query)
        request.body = await endpoint.body.read(raw)
        bind_contextvars(request_id=exchange.id, plugin=endpoint.plugin)  # of this task alone
        handler = endpoint.route.handler
        call = call_handler(self.watch, endpoint.plugin, endpoint.template, handler, request)
        if endpoint.limit is None:
            return await call
        try:
            return await within(endpoint.limit, call)
        except TookTooLong:
            raise rejections.over_time(endpoint.plugin, endpoint.limit) from None

    def _chunks(self, endpoint: Endpoint, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        return call_chunks(self.watch, endpoint.plugin, endpoint.template, chunks)

    def _failed(self, exchange: Exchange, error: Exception) -> Sealed:
        """An exception as an answer; what no client is to blame for is logged with its traceback."""
        exchange.commit = b""
        known = outcome.known(error)
        if known is None or (known.status >= 500 and not isinstance(error, HttpError)):
            log.error(
                "a handler failed",
                route=exchange.template,
                plugin=exchange.plugin,
                request_id=exchange.id,
                exc_info=error,
            )
        if known is None:
            return outcome.text(500, f"internal error in plugin {exchange.plugin!r}, request {exchange.id}")
        exchange.close = closes(known)
        return outcome.refused(known)


def _starting() -> Sealed:
    return outcome.text(503, rejections.STARTING, ("retry-after", "1"))


def _origin_form(target: str) -> str:
    """The path of a target in absolute form (`http://host/path`); others stay as they are."""
    _, scheme, rest = target.partition("://")
    if not scheme:
        return target
    _, slash, path = rest.partition("/")
    return slash + path if slash else "/"
