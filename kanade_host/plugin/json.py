"""Strict JSON, as the contract decodes and writes it.

Decoding (`contract/projections.md` 1.1, `contract/http-fleet.md` 2.4): strict UTF-8, no BOM, no NaN,
no lone surrogates, integers in range, a known key at most once, 127 levels at most. Unknown keys are
ignored unless the struct forbids them. Encoding is compact, `Instant` as `…Z`.

msgspec decodes; it is fast and typed, but it keeps the last of a key given twice and does not look
into what it skips. So every decoded message is weighed (`kanade_host.plugin.json_weight`): when its
bytes hold no more quotes than the decoded value accounts for, nothing was skipped or overwritten.
What weighs too much is read by the standard library (`json_plain`), and only what is odd or failed
by the exact reader (`json_exact`), which knows the contract's texts and positions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any, Generic, NoReturn, TypeVar, cast

import msgspec

from kanade_host.plugin.errors import KanadeError
from kanade_host.plugin.instants import Instant
from kanade_host.plugin.json_exact import check
from kanade_host.plugin.json_plain import is_plain
from kanade_host.plugin.json_reader import Fault, TooLong
from kanade_host.plugin.json_weight import I64_MIN, U64_MAX, WRONG, weigher

T = TypeVar("T")

I32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
U32 = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
I64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
U64 = Annotated[int, msgspec.Meta(ge=0)]
"""0 to 2**64 - 1; msgspec cannot say the upper bound, `Decoder` keeps it. A plain `int` is an `I64`."""

_NEWLINE = b"\n"
_AT_BYTE = re.compile(r"\(byte ([0-9]+)\)").search
_LONG = re.compile(rb"[0-9]{19}").search


class BadJson(KanadeError):
    """The bytes are no JSON value. The text ends in ` at line L column C`.

    `path` says where a typed reader was, dotted, empty at the top level; `message` is without it.
    """

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.message = message
        self.path = path


class BadShape(KanadeError):
    """JSON, but not of the wanted type. `path` is dotted, empty at the top level."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.message = message
        self.path = path


def _decode_hook(kind: type, value: Any, parse: Callable[[str], Instant] = Instant.parse) -> Any:
    if kind is not Instant:
        raise NotImplementedError(kind)
    if type(value) is str:
        return parse(value)  # what it raises is a ValueError, as msgspec wants it
    raise ValueError("expected an RFC 3339 formatted date and time string")


def _encode_hook(value: Any) -> Any:
    if isinstance(value, Instant):
        return value.wire
    raise NotImplementedError(f"{type(value).__name__} has no JSON form")


_encoder = msgspec.json.Encoder(enc_hook=_encode_hook)
_sorted_encoder = msgspec.json.Encoder(enc_hook=_encode_hook, order="sorted")


def encode(value: Any) -> bytes:
    """Compact JSON; dictionaries in their own order, structs in declared order."""
    return _encoder.encode(value)


def canonical(value: Any) -> str:
    """Compact JSON text with object keys sorted at every level: the stored form of free JSON.

    Integers beyond 64 bits become floats (`contract/database.md` 2.3).
    """
    text = _sorted_encoder.encode(value)
    if _LONG(text):
        text = _sorted_encoder.encode(_in_range(value))
    return text.decode()


def _in_range(value: Any) -> Any:
    if isinstance(value, int) and not I64_MIN <= value <= U64_MAX:
        return float(value)
    if isinstance(value, dict):
        return {key: _in_range(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_in_range(item) for item in value]
    return value


class Decoder(Generic[T]):
    """A fast strict decoder of one type, made once and used for every message."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._decode = msgspec.json.Decoder(kind, dec_hook=_decode_hook).decode
        self._weigh = weigher(kind)

    def decode(self, data: bytes) -> T:
        """Raises `BadJson` or `BadShape`."""
        try:
            value = self._decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            self._explain(data, error)
        weight = self._weigh(value)
        if data.count(b'"') > weight:
            self._doubt(data, weight)
        return value

    def _doubt(self, data: bytes, weight: int) -> None:
        """There are more quotes than the value accounts for: find out why."""
        if weight >= 0:
            bare = data.replace(b"\\\\", b"")  # what is left of backslashes escapes what follows
            if bare.count(b'"') - bare.count(b'\\"') <= weight:
                return  # the others stand inside of strings
        if weight > WRONG // 2 and is_plain(data):
            return
        try:
            fault = check(self._kind, data)
        except TooLong:
            raise BadShape("a key stands twice in an object, or a value is out of range") from None
        if fault is not None:
            raise _error(fault)

    def _explain(self, data: bytes, error: Exception) -> NoReturn:
        try:
            fault = check(self._kind, data)
        except TooLong:
            fault = None
        if fault is not None:
            raise _error(fault) from None
        # Too long for the exact reader, or a rule of the type that it does not know, such as a pattern.
        if isinstance(error, msgspec.ValidationError):
            raise BadShape(str(error)) from None
        raise BadJson(_located(str(error), data)) from None


def decode(kind: type[T], data: bytes) -> T:
    """Decode one body strictly, with the error texts that clients are shown."""
    decoder: Decoder[T] = _decoder(cast("Any", kind))
    return decoder.decode(data)


@lru_cache(maxsize=256)
def _decoder(kind: Any) -> Decoder[Any]:
    return Decoder(kind)


def _error(fault: Fault) -> BadJson | BadShape:
    return (BadJson if fault.syntax else BadShape)(fault.message, fault.path)


def _located(text: str, data: bytes) -> str:
    """An error of msgspec's with the position in the form of all the others."""
    found = _AT_BYTE(text)
    at = int(found[1]) + 1 if found else len(data)
    what = (text[: found.start()] if found else text).removeprefix("JSON is malformed: ").strip()
    line = data.count(_NEWLINE, 0, at) + 1
    return f"{what} at line {line} column {at - (data.rfind(_NEWLINE, 0, at) + 1)}"
