"""Where a page ended, as clients are told and hand it back: opaque to them, checked when it comes."""

from __future__ import annotations

import base64
import binascii
from typing import TypeVar

import msgspec

from kanade_host.plugin import HttpError

T = TypeVar("T")


def place_text(values: tuple[object, ...]) -> str:
    """Where a page ended, as clients hand it back."""
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode()


def placed(text: str, kind: type[T]) -> T | None:
    """What `place_text` made, checked; None for nothing. Raises `HttpError` 400."""
    if not text:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text), type=kind)
    except (msgspec.MsgspecError, binascii.Error, ValueError):
        raise HttpError(400, "after: expected what the page before said") from None
