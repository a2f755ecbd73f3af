"""Output of a scan as JSON, strictly (`contract/projections.md` 1.1, 4), however long it is."""

from __future__ import annotations

from typing import Any

import msgspec

from kanade_host.plugin import BadJson, BadShape, Decoder

_JSON: Decoder[Any] = Decoder(Any)
_DEEPEST = 127
_INFINITE = (float("inf"), float("-inf"))


def read_facts(data: bytes) -> Any:
    """The value. A key that stands twice counts with its last value. Raises `BadJson`."""
    try:
        return _JSON.decode(data)
    except BadShape:
        # Free JSON has no shape that could be wrong: the document is odd (a key twice, a number of 19
        # digits) and too long for the reader that knows where. Both are fine here.
        return _odd(data)


def _odd(data: bytes) -> Any:
    try:
        value = msgspec.json.decode(data)
        msgspec.json.encode(value)  # refuses lone surrogates
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadJson(str(error)) from None
    _check(value)
    return value


def _check(value: Any) -> None:
    """Numbers beyond the range of floats, and too many levels. Level by level: nothing recurses."""
    level, depth = [value], 0
    while level:
        inner = [one for one in level if isinstance(one, dict | list)]
        if any(isinstance(one, float) and one in _INFINITE for one in level):
            raise BadJson("number out of range")
        depth += bool(inner)
        if depth > _DEEPEST:
            raise BadJson("recursion limit exceeded")
        level = [item for one in inner for item in (one.values() if isinstance(one, dict) else one)]
