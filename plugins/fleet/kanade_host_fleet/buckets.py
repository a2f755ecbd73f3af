"""Reading and writing documents in buckets, with the error texts of the contract.

The KV revision is the ETag of a document. `If-Match` makes a write depend on it, and
`If-None-Match: *` on there being none, so that two people who edit a scope notice each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from kanade_host.plugin import (
    ApiError,
    BadJson,
    BadShape,
    BrokerUnavailable,
    HttpError,
    InvalidKey,
    KeyValue,
    MessageTooLarge,
    Request,
    ResourceMissing,
    Response,
    RevisionConflict,
    decode,
    encode,
)

T = TypeVar("T")

_DIGITS = 19  # of a sequence of the broker, whatever else a client may send
CHANGED = "somebody else has changed this meanwhile: read it again and repeat your change"


@contextmanager
def told(bucket: str, doing: str) -> Iterator[None]:
    """Errors of the broker as answers: `doing` says what was tried (`read ConfigScope at global`)."""
    try:
        yield
    except (BrokerUnavailable, ResourceMissing) as error:
        raise HttpError(503, f"{bucket} KV bucket unavailable: {error}") from error
    except MessageTooLarge as error:
        raise HttpError(500, f"{doing}: failed to put key into store: {error}") from None
    except InvalidKey as error:
        raise HttpError(400, f"{doing}: {error}") from None
    except ApiError as error:
        raise HttpError(500, f"{doing}: {error}") from None


def decoded(kind: type[T], value: bytes, what: str) -> T:
    """A stored document; what does not decode is a 500 that names it."""
    try:
        return decode(kind, value)
    except (BadJson, BadShape) as error:
        raise HttpError(500, f"decode {what}: {error.message}") from None


def document(request: Request, value: object, revision: int | None) -> Response:
    """A document as an answer, with its revision as ETag; 304 for a client that has it."""
    headers = {} if revision is None else {"etag": f'"{revision}"'}
    known = request.headers.get("if-none-match")
    if revision is not None and request.method == "GET" and known is not None and _names(known, revision):
        return Response(b"", 304, None, headers)
    return Response(encode(value), 200, "application/json", headers)


def _names(header: str, revision: int) -> bool:
    return any(part.strip().removeprefix("W/") == f'"{revision}"' for part in header.split(","))


class Precondition:
    """What a request asks of the stored document before it may be written."""

    def __init__(self, request: Request) -> None:
        match = request.headers.get("if-match")
        none_match = request.headers.get("if-none-match")
        self.absent = none_match is not None and none_match.strip() == "*"
        self.present = match is not None and match.strip() == "*"
        self.revision: int | None = None
        if match is not None and not self.present:
            self.revision = _revision(match)

    @property
    def asked(self) -> bool:
        """Whether there is one at all."""
        return self.absent or self.present or self.revision is not None

    async def put(self, kv: KeyValue, key: str, value: bytes) -> int | None:
        """Write if it holds, else 412; answers the new revision where it is known."""
        with _conflict_is_412():
            if self.revision is not None:
                return await kv.update(key, value, self.revision)
            if self.asked:
                await kv.revise(key, lambda stored: self._checked(stored, value))
                return None
            return await kv.put(key, value)

    async def delete(self, kv: KeyValue, key: str) -> None:
        """Delete if it holds, else 412."""
        with _conflict_is_412():
            revision = self.revision
            if self.present:
                entry = await kv.get(key)
                if entry is None:
                    raise HttpError(412, CHANGED)
                revision = entry.revision
            await kv.delete(key, revision)

    def _checked(self, stored: bytes | None, value: bytes) -> bytes:
        if (stored is None) == self.present:
            raise HttpError(412, CHANGED)
        return value


def _revision(match: str) -> int:
    """The revision that If-Match names; whatever we never gave out matches nothing."""
    text = match.strip().removeprefix("W/").strip('"')
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS or int(text) == 0:
        raise HttpError(412, CHANGED)
    return int(text)


@contextmanager
def _conflict_is_412() -> Iterator[None]:
    try:
        yield
    except RevisionConflict:
        raise HttpError(412, CHANGED) from None
