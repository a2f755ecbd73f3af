"""Output of a scan as JSON, strictly (`contract/projections.md` 1.1, 4), however long it is."""

from __future__ import annotations

import sys
from itertools import chain
from typing import Any

import msgspec

from kanade_host.plugin import BadJson

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_DEEPEST = 127
_LARGEST = sys.float_info.max
_NUMBERS: frozenset[type] = frozenset({int, float})
_HOLDERS: frozenset[type] = frozenset({dict, list})


def read_facts(data: bytes) -> Any:
    """The value. A key that stands twice counts with its last value. Raises `BadJson`."""
    try:
        value = _decode(data)
        if b"\\u" in data:  # nothing else makes a lone surrogate
            _encode(value)  # refuses it
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadJson(str(error)) from None
    _check(value)
    return value


def _check(value: Any) -> None:
    """Numbers beyond the range of floats, and too many levels. Level by level: nothing recurses."""
    level = [value]
    for _ in range(_DEEPEST + 1):
        types = set(map(type, level))
        if types & _NUMBERS:
            numbers = [one for one in level if type(one) in _NUMBERS]
            # An integer of hundreds of digits comes as one.
            if not -_LARGEST <= min(numbers) <= max(numbers) <= _LARGEST:
                raise BadJson("number out of range")
        if not types & _HOLDERS:
            return
        inner = [one for one in level if type(one) in _HOLDERS]
        level = list(chain.from_iterable(one.values() if type(one) is dict else one for one in inner))
    raise BadJson("recursion limit exceeded")
