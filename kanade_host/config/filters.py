"""Tera's filters and tests, as far as a configuration uses them (host.md 3.3).

Arguments are always named. Jinja's own filters are not offered: some of them differ in meaning under
the same name, and some can be made to fill the memory.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from jinja2 import Undefined

_FNV_OFFSET = 0xCBF29CE484222325
_FNV_PRIME = 0x100000001B3


def fnv1a(text: str) -> int:
    """FNV-1a, 64 bits, unsigned."""
    value = _FNV_OFFSET
    for byte in text.encode():
        value = (value ^ byte) * _FNV_PRIME & 0xFFFFFFFFFFFFFFFF
    return value


def port_offset(value: int, *, start: int, range: int) -> int:  # the argument's name is the contract's
    """A stable port within a range."""
    if range <= 0:
        raise ValueError("port_offset: `range` must be greater than 0")
    return int(value) % range + start


def _replace(value: str, **arguments: str) -> str:
    return value.replace(arguments["from"], arguments["to"])


def _slugify(value: str) -> str:
    plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _strip_start(value: str, *, pat: str) -> str:
    while pat and value.startswith(pat):
        value = value[len(pat) :]
    return value


def _strip_end(value: str, *, pat: str) -> str:
    while pat and value.endswith(pat):
        value = value[: -len(pat)]
    return value


def _int(value: Any, *, default: int = 0, base: int = 10) -> int:
    try:
        return int(value, base) if isinstance(value, str) else int(value)
    except ValueError:
        return default


def _float(value: Any, *, default: float = 0.0) -> float:
    try:
        return float(value)
    except ValueError:
        return default


def _round(value: float, *, method: str = "common", precision: int = 0) -> float:
    scaled = value * 10**precision
    rounded = {"ceil": math.ceil, "floor": math.floor}.get(method, round)(scaled)
    return float(rounded / 10**precision)


def _unique(value: list[Any]) -> list[Any]:
    return [item for index, item in enumerate(value) if item not in value[:index]]


def _concat(value: list[Any], **named: Any) -> list[Any]:
    more = named["with"]
    return [*value, *(more if isinstance(more, list) else [more])]


def _truncate(value: str, *, length: int = 255, end: str = "…") -> str:
    return value if len(value) <= length else value[:length] + end


FILTERS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "addslashes": lambda v: v.replace("\\", "\\\\").replace('"', '\\"').replace("'", "\\'"),
    "as_str": lambda v: json.dumps(v) if isinstance(v, bool) else str(v),
    "capitalize": lambda v: v[:1].upper() + v[1:].lower(),
    "concat": _concat,
    "default": lambda v, **named: named["value"] if isinstance(v, Undefined) else v,
    "escape": lambda v: v,
    "first": lambda v: v[0] if v else "",
    "float": _float,
    "get": lambda v, **named: v[named["key"]] if named["key"] in v else named["default"],
    "hash": lambda v: fnv1a(str(v)),
    "int": _int,
    "join": lambda v, *, sep="": sep.join(str(item) for item in v),
    "json_encode": lambda v, *, pretty=False: json.dumps(v, indent=2 if pretty else None),
    "last": lambda v: v[-1] if v else "",
    "length": len,
    "lower": str.lower,
    "nth": lambda v, *, n: v[n] if n < len(v) else "",
    "port_offset": port_offset,
    "replace": _replace,
    "reverse": lambda v: v[::-1],
    "round": _round,
    "safe": lambda v: v,
    "slice": lambda v, *, start=0, end=None: v[start:end],
    "slugify": _slugify,
    "sort": sorted,
    "split": lambda v, *, pat: v.split(pat),
    "title": str.title,
    "trim": str.strip,
    "trim_end": str.rstrip,
    "trim_end_matches": _strip_end,
    "trim_start": str.lstrip,
    "trim_start_matches": _strip_start,
    "truncate": _truncate,
    "unique": _unique,
    "upper": str.upper,
    "urlencode": lambda v: quote(v, safe="/"),
    "urlencode_strict": lambda v: quote(v, safe=""),
    "wordcount": lambda v: len(v.split()),
}

TESTS: dict[str, Callable[..., bool]] = {
    "containing": lambda v, part: part in v,
    "divisibleby": lambda v, by: v % by == 0,
    "ending_with": lambda v, end: v.endswith(end),
    "even": lambda v: v % 2 == 0,
    "iterable": lambda v: isinstance(v, (list, tuple)),
    "matching": lambda v, pattern: re.search(pattern, v) is not None,
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "object": lambda v: isinstance(v, dict),
    "odd": lambda v: v % 2 == 1,
    "starting_with": lambda v, start: v.startswith(start),
    "string": lambda v: isinstance(v, str),
}
