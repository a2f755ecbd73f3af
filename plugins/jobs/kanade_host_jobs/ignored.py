"""Which keys of a JSON body its type does not know."""

from __future__ import annotations

import types
import typing
from typing import Any

import msgspec


def ignored_keys(kind: Any, value: Any, path: str = "") -> list[str]:
    """The dotted paths of keys in `value` (plain JSON values) that decoding as `kind` drops."""
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        kind = next(part for part in typing.get_args(kind) if part is not type(None))
    if typing.get_origin(kind) is list and isinstance(value, list):
        inner = typing.get_args(kind)[0]
        return [key for i, item in enumerate(value) for key in ignored_keys(inner, item, f"{path}[{i}]")]
    if not isinstance(value, dict) or not isinstance(kind, type) or not issubclass(kind, msgspec.Struct):
        return []
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    found: list[str] = []
    for key, item in value.items():
        where = f"{path}.{key}" if path else key
        found += ignored_keys(fields[key], item, where) if key in fields else [where]
    return found
