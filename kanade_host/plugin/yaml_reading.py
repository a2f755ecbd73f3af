"""YAML decoded by expected type, as `contract/manifest.md` 5 and 6 want it.

String fields take the source text of any scalar (`version: 1.10` is "1.10"), except in "buffered"
parts, where plain scalars become typed values first and a string field then refuses them.
"""

from __future__ import annotations

import math
import re
import types
import typing
from collections.abc import Collection
from typing import Any, Literal, TypeVar

import msgspec

from kanade_host.plugin.instants import BadInstant, Instant
from kanade_host.plugin.yaml_nodes import (
    PLAIN,
    QUOTED,
    BadYaml,
    MappingNode,
    ScalarNode,
    SequenceNode,
    compose,
    position,
)

T = TypeVar("T")

MAX_NODES = 100_000
"""Nodes visited, aliases counted each time: beyond it the text is an alias bomb."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INT = re.compile(r"[+-]?(?:0|[1-9][0-9]*|0x[0-9a-fA-F]+|0o[0-7]+|0b[01]+)", re.ASCII)
_FLOAT = re.compile(
    r"[+-]?(?:(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|\.(?:inf|Inf|INF))"
    r"|\.(?:nan|NaN|NAN)",
    re.ASCII,
)


def read_yaml(
    kind: type[T], text: str, buffered: Collection[str] = (), tagged: Collection[str] = ()
) -> tuple[T, list[str]]:
    """Decode one document; answers the value and the paths of ignored keys.

    `buffered` names the top-level keys whose content follows the typed rules; `tagged` the structs that
    error texts call internally tagged enums. Raises `BadYaml`.
    """
    reading = _Reading(frozenset(buffered), frozenset(tagged))
    root = compose(text)
    if root is None:
        root = MappingNode("map", [], None, None)
    return reading.value(kind, root, "", False), reading.ignored


class _Reading:
    """One pass over one tree."""

    def __init__(self, buffered: frozenset[str], tagged: frozenset[str]) -> None:
        self._buffered, self._tagged = buffered, tagged
        self._visited = 0
        self.ignored: list[str] = []

    def value(self, kind: Any, node: Any, path: str, buffered: bool) -> Any:
        """Decode `node` as `kind`. `path` is dotted; in buffered parts errors name no place."""
        self._visited += 1
        if self._visited > MAX_NODES:
            raise BadYaml("repetition limit exceeded")
        kind, optional = _without_none(kind)
        if optional and _is_null(node):
            return None
        if kind is str:
            return self._text(node, path, buffered)
        if kind is bool:
            return self._bool(node, path, buffered)
        if kind is Instant:
            return self._instant(node, path, buffered)
        if typing.get_origin(kind) is Literal:
            return self._variant(typing.get_args(kind), node, path, buffered)
        if typing.get_origin(kind) is list:
            return self._list(typing.get_args(kind)[0], node, path, buffered)
        return self._struct(kind, node, path, buffered)

    def _text(self, node: Any, path: str, buffered: bool) -> str:
        if not isinstance(node, ScalarNode):
            raise _wrong(node, "a string", path, buffered)
        if buffered and not isinstance(_typed(node), str):
            raise _wrong(node, "a string", path, buffered)
        return str(node.value)

    def _bool(self, node: Any, path: str, buffered: bool) -> bool:
        if isinstance(node, ScalarNode):
            found = _typed(node)
            if isinstance(found, bool):
                return found
        raise _wrong(node, "a boolean", path, buffered)

    def _instant(self, node: Any, path: str, buffered: bool) -> Instant:
        found = _typed(node) if isinstance(node, ScalarNode) else None
        if not isinstance(found, str):
            raise _wrong(node, "an RFC 3339 formatted date and time string", path, buffered)
        try:
            return Instant.parse(found)
        except BadInstant as error:
            raise _fault(str(error), node, path, buffered) from None

    def _variant(self, variants: tuple[str, ...], node: Any, path: str, buffered: bool) -> str:
        if not isinstance(node, ScalarNode):
            raise _wrong(node, "string or map" if buffered else "a string", path, buffered)
        found = str(node.value)
        if found in variants and node.tag in (PLAIN, QUOTED):
            return found
        shown = found if node.tag in (PLAIN, QUOTED) else node.tag
        raise _fault(f"unknown variant `{shown}`, expected {_choice(variants)}", node, path, buffered)

    def _list(self, kind: Any, node: Any, path: str, buffered: bool) -> list[Any]:
        if not isinstance(node, SequenceNode):
            raise _wrong(node, "a sequence", path, buffered)
        return [self.value(kind, item, f"{path}[{i}]", buffered) for i, item in enumerate(node.value)]

    def _struct(self, kind: Any, node: Any, path: str, buffered: bool) -> Any:
        name = kind.__name__
        if not isinstance(node, MappingNode):
            wanted = f"internally tagged enum {name}" if name in self._tagged else f"struct {name}"
            raise _wrong(node, wanted, path, buffered or not path)
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, ScalarNode) else ""
            where = f"{path}.{key}" if path else key
            if key not in fields:
                self._unknown(kind, key, where, key_node, path, buffered)
                continue
            if fields[key].name in found:
                raise _fault(f"duplicate field `{key}`", key_node, path, buffered or not path)
            inside = buffered or (not path and key in self._buffered)
            found[fields[key].name] = self.value(fields[key].type, value_node, where, inside)
        for field in fields.values():
            if field.required and field.name not in found:
                raise _fault(f"missing field `{field.encode_name}`", node, path, buffered or not path)
        try:
            return kind(**found)
        except ValueError as error:
            raise _fault(str(error), node, path, buffered) from None

    def _unknown(self, kind: Any, key: str, where: str, node: Any, path: str, buffered: bool) -> None:
        if not kind.__struct_config__.forbid_unknown_fields:
            self.ignored.append(where)
            return
        names = kind.__struct_encode_fields__
        raise _fault(f"unknown field `{key}`, expected {_choice(names)}", node, path, buffered)


def _without_none(kind: Any) -> tuple[Any, bool]:
    """`str | None` -> (str, True)."""
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        rest = [part for part in typing.get_args(kind) if part is not type(None)]
        return rest[0], len(rest) < len(typing.get_args(kind))
    return kind, False


def _is_null(node: Any) -> bool:
    return isinstance(node, ScalarNode) and node.tag == PLAIN and node.value in _NULL


def _typed(node: Any) -> str | bool | int | float | None:
    """What a scalar is where nothing says what it should be."""
    text = str(node.value)
    if node.tag != PLAIN:
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INT.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _named(node: Any) -> str:
    """A node as error texts name it."""
    if isinstance(node, SequenceNode):
        return "sequence"
    if isinstance(node, MappingNode):
        return "map"
    found = _typed(node)
    if found is None:
        return "unit value"
    if isinstance(found, bool):
        return f"boolean `{str(found).lower()}`"
    if isinstance(found, int):
        return f"integer `{found}`"
    if isinstance(found, float):
        return f"floating point `{_float(found)}`"
    quoted = found.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'string "{quoted}"'


def _float(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return repr(value)


def _choice(names: Collection[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    if len(quoted) == 1:
        return quoted[0]
    return " or ".join(quoted) if len(quoted) == 2 else "one of " + ", ".join(quoted)


def _wrong(node: Any, wanted: str, path: str, silent: bool) -> BadYaml:
    return _fault(f"invalid type: {_named(node)}, expected {wanted}", node, path, silent)


def _fault(message: str, node: Any, path: str, silent: bool) -> BadYaml:
    """An error text with its place; `silent` ones, in buffered parts and at the top, have none."""
    if silent:
        return BadYaml(message)
    where = f"{path}: " if path else ""
    return BadYaml(f"{where}{message}{position(node)}")
