"""The outer parts of a token: its encodings and its header, with the reasons that clients are shown."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from jwt.utils import base64url_decode, base64url_encode

_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")
_ALGORITHMS = (
    *("HS256", "HS384", "HS512", "ES256", "ES384", "RS256"),
    *("RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"),
)


class InvalidToken(Exception):
    """The token is refused; the text is the reason that clients are shown."""


def decode_base64(part: str) -> bytes:
    """URL-safe base64 without padding; raises `InvalidToken`."""
    foreign = _FOREIGN.search(part)
    if foreign is not None:
        raise InvalidToken(f"Base64 error: Invalid symbol {ord(foreign[0])}, offset {foreign.start()}.")
    if len(part) % 4 == 1:
        raise InvalidToken(f"Base64 error: Invalid input length: {len(part)}")
    data = base64url_decode(part)
    if base64url_encode(data).decode() != part:
        # Bits beyond the last byte: one token could be written in several ways, and escape a revocation
        # that names it by its hash.
        raise InvalidToken(f"Base64 error: Invalid last symbol {ord(part[-1])}, offset {len(part) - 1}.")
    return data


def decode_json(data: bytes) -> Any:
    """Any JSON value; raises `InvalidToken`."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidToken(f"JSON error: {error} at line 1 column {len(data)}") from None


def check_header(header: Any) -> None:
    """Only HS256, whatever else the header says; raises `InvalidToken`."""
    where = " at line 1 column 1"
    if not isinstance(header, dict):
        raise InvalidToken(f"JSON error: invalid type: {kind(header)}, expected struct Header{where}")
    if "alg" not in header:
        raise InvalidToken(f"JSON error: missing field `alg`{where}")
    algorithm = header["alg"]
    if not isinstance(algorithm, str):
        raise InvalidToken(f"JSON error: invalid type: {kind(algorithm)}, expected variant identifier{where}")
    if algorithm not in _ALGORITHMS:
        known = ", ".join(f"`{name}`" for name in _ALGORITHMS)
        raise InvalidToken(f"JSON error: unknown variant `{algorithm}`, expected one of {known}{where}")
    if algorithm != "HS256":
        raise InvalidToken("InvalidAlgorithm")


def kind(value: Any) -> str:
    """A JSON value of the wrong type, as the contract's texts name it."""
    match value:
        case None:
            return "null"
        case bool():
            return f"boolean `{str(value).lower()}`"
        case int():
            return f"integer `{value}`"
        case float():
            return f"floating point `{value}`"
        case str():
            return f"string {msgspec.json.encode(value).decode()}"
        case list():
            return "sequence"
        case _:
            return "map"
