"""From the bytes of a message to what a plugin gets: JSON of a type, or the bytes themselves."""

from __future__ import annotations

from typing import Any, Protocol

from kanade_host.plugin.json import Decoder


class Decoding(Protocol):
    """Decodes one message. Raises `BadJson` or `BadShape`."""

    def decode(self, data: bytes) -> Any: ...


class _Verbatim:
    """For streams whose messages are no JSON."""

    def decode(self, data: bytes) -> bytes:
        return data


def decoding(kind: type) -> Decoding:
    """How messages of that type are decoded."""
    if kind is bytes:
        return _Verbatim()
    decoder: Decoder[Any] = Decoder(kind)
    return decoder
