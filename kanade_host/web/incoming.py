"""The request as a handler sees it (`kanade_host.plugin.Request`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiohttp import web

from kanade_host.plugin.audit import audit
from kanade_host.plugin.authenticators import Principal
from kanade_host.plugin.context import Context
from kanade_host.web.body import BodyReader

SOURCE_LIMIT = 64
"""Characters of `X-Kanade-Source` that are recorded (`contract/http-fleet.md` 5.1 asks for a cap)."""


class Named:
    """The caller as audit records name it."""

    __slots__ = ("source", "sub")

    def __init__(self, sub: str | None, source: str | None) -> None:
        self.sub, self.source = sub, source


def source_of(header: str | None) -> str | None:
    """`X-Kanade-Source`, trimmed and capped; None when empty or not printable ASCII."""
    text = (header or "").strip()
    if not text or not text.isascii() or not text.isprintable():
        return None
    return text[:SOURCE_LIMIT].rstrip()


class Incoming:
    """One request. Its parts are read in the contract's order before the handler runs."""

    __slots__ = ("_ctx", "_raw", "_reader", "body", "id", "path", "principal", "query")

    def __init__(
        self,
        raw: web.BaseRequest,
        ctx: Context | None,
        reader: BodyReader,
        *,
        id: str,
        path: Mapping[str, str],
        principal: Principal,
    ) -> None:
        self._raw, self._ctx, self._reader = raw, ctx, reader
        self.id, self.path, self.principal = id, path, principal
        self.query: Any = None
        self.body: Any = None

    @property
    def ctx(self) -> Context:
        """The owner's context."""
        if self._ctx is None:
            raise LookupError("this route was mounted without a context")
        return self._ctx

    @property
    def method(self) -> str:
        return self._raw.method

    @property
    def headers(self) -> Mapping[str, str]:
        return self._raw.headers

    @property
    def remote(self) -> str:
        return self._raw.remote or ""

    @property
    def source(self) -> str | None:
        return source_of(self._raw.headers.get("x-kanade-source"))

    @property
    def caller(self) -> Named:
        return Named(self.principal.subject or None, self.source)

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        return self._reader.chunks(self._raw)

    async def audit(
        self,
        action: str,
        target: str | None,
        payload: Mapping[str, Any] | None = None,
        actor: str = "operator",
    ) -> None:
        """Record an action of this request in a transaction of its own."""
        ctx, caller = self.ctx, self.caller
        at = ctx.clock.now()
        await ctx.write(lambda tx: audit(tx, at, action, target, payload, actor=actor, caller=caller))
