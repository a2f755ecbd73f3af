"""Output of a scan as JSON, strictly (`contract/projections.md` 1.1, 4), however long it is."""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from kanade_host.plugin import BadJson

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_DEEPEST = 127
_LARGEST = sys.float_info.max


def read_facts(data: bytes) -> Any:
    """The value. A key that stands twice counts with its last value. Raises `BadJson`."""
    try:
        value = _decode(data)
        _encode(value)  # refuses lone surrogates
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadJson(str(error)) from None
    _check(value)
    return value


def _check(value: Any) -> None:
    """Numbers beyond the range of floats, and too many levels. Level by level: nothing recurses."""
    level = [value]
    for _ in range(_DEEPEST + 1):
        for one in level:
            # An integer of hundreds of digits comes as one.
            if (type(one) is float or type(one) is int) and not -_LARGEST <= one <= _LARGEST:
                raise BadJson("number out of range")
        inner = [one for one in level if isinstance(one, dict | list)]
        if not inner:
            return
        level = [item for one in inner for item in (one.values() if isinstance(one, dict) else one)]
    raise BadJson("recursion limit exceeded")
