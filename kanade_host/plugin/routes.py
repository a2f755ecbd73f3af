"""HTTP routes as data, and what their handlers are given.

Dispatch, the OpenAPI document, the role matrix and the tests all come from the `Route` objects.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from kanade_host.plugin.authenticators import Permission, Principal
from kanade_host.plugin.context import Context

MIB = 1024 * 1024
BODY_LIMIT = 2 * MIB


@dataclass(frozen=True, slots=True)
class Response:
    """An answer that is not simply JSON with status 200.

    `content_type` is sent as it stands; None sends none. `body` is whole bytes, or an async iterator
    of chunks that is streamed (then give `content-length` in `headers` where it is known).
    """

    body: bytes | AsyncIterator[bytes] = b""
    status: int = 200
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def text(cls, text: str, status: int = 200) -> Response:
        """Plain text as the contract has it."""
        return cls(text.encode(), status, "text/plain; charset=utf-8")

    @classmethod
    def json(cls, body: bytes, status: int = 200) -> Response:
        """JSON that is encoded already."""
        return cls(body, status, "application/json")


class Caller(Protocol):
    """Who is named in an audit record."""

    @property
    def sub(self) -> str | None: ...
    @property
    def source(self) -> str | None: ...


class Request(Protocol):
    """What a handler is given. The types of `query` and `body` are those that its route names."""

    @property
    def ctx(self) -> Context:
        """The context of the plugin that owns the route."""
        ...

    @property
    def id(self) -> str:
        """The request's id, as it stands on its log lines and in `x-request-id`."""
        ...

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> Mapping[str, str]:
        """The captured segments, percent-decoded."""
        ...

    @property
    def query(self) -> Any:
        """An instance of `route.query`, or for routes without one a mapping of text to list of text."""
        ...

    @property
    def body(self) -> Any:
        """An instance of `route.request`; bytes for `body="raw"`; None for `"none"` and `"stream"`."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Case-insensitive."""
        ...

    @property
    def principal(self) -> Principal:
        """Who asks. On public routes without a token: subject "", role viewer."""
        ...

    @property
    def source(self) -> str | None:
        """Header `X-Kanade-Source`, trimmed and capped; None when absent or not printable ASCII."""
        ...

    @property
    def caller(self) -> Caller:
        """The caller as audit records name it."""
        ...

    @property
    def remote(self) -> str: ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives, for `body="stream"`; raises HttpError 413 beyond the limit."""
        ...

    async def audit(
        self,
        action: str,
        target: str | None,
        payload: Mapping[str, Any] | None = None,
        actor: str = "operator",
    ) -> None:
        """Put an audit record of this request into the outbox, in a transaction of its own.

        Inside a transaction use `audit(tx, …, caller=request.caller)` instead.
        """
        ...


Handler = Callable[[Any], Awaitable[Any]]
"""Takes a `Request`; answers a `Response`, None (204, empty), or any value that encodes to JSON (200)."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path.

    - `path`: `/api/results/{result_id}`; a fixed segment wins over a parameter.
    - `permission`: None makes it public. GET routes answer HEAD too.
    - `request`: the type of the JSON body (`body="json"`). `body="raw"`: bytes, any content type,
      over the limit 400 by the handler's own rules (`HttpError` raised as given in `too_large`).
      `body="stream"`: read with `request.chunks()`. Default: "json" where `request` is given, else "none"
      (a body that a client sends all the same is drained and ignored).
    - `query`: a struct; unknown keys are ignored, a bad value is 400 with the contract's text. A field of
      type `dict[str, list[str]]` gathers the unknown keys with their values instead.
    - `fresh`: the topics that the answer depends on. The host keeps the encoded bytes until a commit
      (or a watch) changes one of them, and sends an ETag. `fresh_for`: kept for that many seconds at
      most, for answers that also depend on the clock. Without either, nothing is kept.
      Kept answers are per path, query and role, so a handler of such a route must not look at the
      principal's name.
    - `audits`: the audit actions that a mutating route may leave.
    - `errors`: status to text, for OpenAPI.
    - `time_limit`: seconds after which the handler is cancelled and the answer is 503; None: none, for
      handlers that wait for something on purpose (and bound it themselves). `body="stream"` has none.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    handler: Handler
    permission: Permission | None
    summary: str
    request: Any = None
    query: Any = None
    response: Any = None
    status: int = 200
    fresh: tuple[str, ...] = ()
    fresh_for: float | None = None
    body: Literal["json", "raw", "stream", "none"] | None = None
    body_limit: int = BODY_LIMIT
    too_large: HttpErrorText | None = None
    audits: tuple[str, ...] = ()
    errors: Mapping[int, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    time_limit: float | None = 120.0


@dataclass(frozen=True, slots=True)
class HttpErrorText:
    """A status and a text, as data."""

    status: int
    text: str
