"""From what a handler returned or raised to an answer (`contract/http-fleet.md` 2.3)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from kanade_host.plugin.errors import (
    BrokerUnavailable,
    HttpError,
    InvalidKey,
    KanadeError,
    Overran,
    ResourceMissing,
    RevisionConflict,
    StoreUnavailable,
)
from kanade_host.plugin.json import encode
from kanade_host.plugin.routes import Response
from kanade_host.web.answers import Sealed, Streamed, seal
from kanade_host.web.headers import NOT_KEPT, REVALIDATED, lines
from kanade_host.web.kept import OVERHEAD, Entry, Fresh, etag_of

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"

_LENGTH = "content-length"
_FRAMING = frozenset({_LENGTH, "connection", "date", "keep-alive", "server", "transfer-encoding"})

_NOT_KEPT = lines(NOT_KEPT)
_JSON_LINES = lines(NOT_KEPT, [("content-type", JSON)])
_TEXT_LINES = lines(NOT_KEPT, [("content-type", TEXT)])

_ON_THEIR_OWN: tuple[tuple[type[KanadeError], int], ...] = (
    (BrokerUnavailable, 503),
    (StoreUnavailable, 503),
    (ResourceMissing, 503),
    (InvalidKey, 400),
    (RevisionConflict, 409),
)
"""Errors of the host's own calls that a handler let pass, and the status that says what they mean."""

EMPTY = seal(204, _NOT_KEPT)


def text(status: int, body: str, *headers: tuple[str, str]) -> Sealed:
    """An error or a plain text."""
    return seal(status, _TEXT_LINES + (lines({}, headers) if headers else b""), _utf8(body))


def bare(status: int, body: str = "", *headers: tuple[str, str]) -> Sealed:
    """Without a content type: 401, 403, 405 and errors that are a status only."""
    return seal(status, _NOT_KEPT + (lines({}, headers) if headers else b""), _utf8(body))


def _utf8(body: str) -> bytes:
    """Texts may quote what a client sent, lone surrogates included."""
    return body.encode("utf-8", "replace")


def refused(error: HttpError) -> Sealed:
    """An `HttpError` as an answer."""
    headers = tuple(error.headers.items())
    if error.text is None:
        return bare(error.status, "", *headers)
    return text(error.status, error.text, *headers)


def known(error: Exception) -> HttpError | None:
    """What an exception of a handler means to the client; None for those that mean a fault of ours."""
    if isinstance(error, HttpError):
        return error
    if isinstance(error, Overran):
        return HttpError(500, "the handler held the event loop and was ended")
    for kind, status in _ON_THEIR_OWN:
        if isinstance(error, kind):
            return HttpError(status, str(error))
    return None


def _own(result: Response) -> list[tuple[str, str]]:
    """The headers that a handler gave, without those that only we can know."""
    given = [(name, value) for name, value in result.headers.items() if name.lower() not in _FRAMING]
    if result.content_type is not None:
        given.insert(0, ("content-type", result.content_type))
    return given


def answered(
    result: Any,
    status: int,
    stall: float,
    wrap: Callable[[AsyncIterator[bytes]], AsyncIterator[bytes]],
) -> Sealed | Streamed:
    """What a handler returned, as an answer."""
    if result is None:
        return EMPTY
    if not isinstance(result, Response):
        return seal(status, _JSON_LINES, encode(result))
    given = _own(result)
    if isinstance(result.body, bytes | bytearray | memoryview):
        return seal(result.status, lines(NOT_KEPT, given), bytes(result.body))
    length = next((int(value) for name, value in result.headers.items() if name.lower() == _LENGTH), None)
    return Streamed(result.status, lines(NOT_KEPT, given), wrap(result.body), length, stall)


def keepable(result: Any, status: int, fresh: Fresh) -> tuple[Sealed, Entry | None]:
    """The answer of a route that says how long it is fresh, and the entry to keep: only whole 200s are."""
    if isinstance(result, Response):
        given, body, status, kind = _own(result), result.body, result.status, result.content_type
        if not isinstance(body, bytes):
            raise TypeError("a route with `fresh` or `fresh_for` must answer whole bytes, not a stream")
    elif result is None:
        return EMPTY, None
    else:
        given, body, kind = [("content-type", JSON)], encode(result), JSON
    if status != 200:
        return seal(status, lines(NOT_KEPT, given), body), None
    etag = next((value for name, value in given if name.lower() == "etag"), None)
    if etag is None:
        etag = etag_of(body, kind)
        given.append(("etag", etag))
    answer = seal(200, lines(REVALIDATED, given), body)
    unchanged = seal(304, lines(REVALIDATED, [("etag", etag)]))
    size = len(answer.head) + len(body) + len(unchanged.head) + OVERHEAD
    return answer, Entry(answer, unchanged, etag, fresh.topics, 0, 0, None, size)
