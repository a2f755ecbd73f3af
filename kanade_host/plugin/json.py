"""Strict JSON, as the contract decodes and writes it.

Decoding (`contract/projections.md` 1.1, `contract/http-fleet.md` 2.4): strict UTF-8, no BOM, no NaN,
no lone surrogates, integers in range, a known key at most once, 127 levels at most. Unknown keys are
ignored unless the struct forbids them. Encoding is compact, `Instant` as `…Z`.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

import msgspec

from kanade_host.plugin.errors import KanadeError
from kanade_host.plugin.instants import BadInstant, Instant

T = TypeVar("T")

I32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
U32 = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
I64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
U64 = Annotated[int, msgspec.Meta(ge=0, le=2**64 - 1)]


class BadJson(KanadeError):
    """The bytes are no JSON value. The text ends in ` at line L column C`."""


class BadShape(KanadeError):
    """JSON, but not of the wanted type. `path` is dotted, empty at the top level."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.message = message
        self.path = path


def _decode_hook(kind: type, value: Any) -> Any:
    if kind is Instant:
        if not isinstance(value, str):
            raise ValueError("expected an RFC 3339 formatted date and time string")
        try:
            return Instant.parse(value)
        except BadInstant as error:
            raise ValueError(str(error)) from None
    raise NotImplementedError(kind)


def _encode_hook(value: Any) -> Any:
    if isinstance(value, Instant):
        return value.wire
    raise NotImplementedError(f"{type(value).__name__} has no JSON form")


_encoder = msgspec.json.Encoder(enc_hook=_encode_hook)


def encode(value: Any) -> bytes:
    """Compact JSON; dictionaries in their own order, structs in declared order."""
    return _encoder.encode(value)


def canonical(value: Any) -> str:
    """Compact JSON text with object keys sorted at every level: the stored form of free JSON."""
    return msgspec.json.encode(value, enc_hook=_encode_hook, order="sorted").decode()


class Decoder(Generic[T]):
    """A fast strict decoder of one type, made once and used for every message."""

    def __init__(self, kind: type[T]) -> None:
        self._decoder = msgspec.json.Decoder(kind, dec_hook=_decode_hook)

    def decode(self, data: bytes) -> T:
        """Raises `BadJson` or `BadShape`."""
        try:
            return self._decoder.decode(data)
        except msgspec.ValidationError as error:
            raise BadShape(str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadJson(str(error)) from None


def decode(kind: type[T], data: bytes) -> T:
    """Decode one body strictly, with the error texts that clients are shown."""
    return Decoder(kind).decode(data)
