"""How many quotes a decoded message accounts for.

msgspec drops unknown keys and overwrites repeated ones without a word. Both leave quotes behind: each
key of a JSON object and each string has two. If the bytes hold no more of them than the decoded value
needs at least, the value is all there was. That costs a tenth of the decoding; reading twice would
double it. A weight is a lower bound, so a wrong guess costs time, never correctness.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import inspect

from kanade_host.plugin.instants import Instant

U64_MAX = 2**64 - 1
I64_MAX = 2**63 - 1
I64_MIN = -(2**63)

UNKNOWN = -(2**40)
"""Added to a weight where the value has to be read again whatever its quotes are."""

WRONG = -(2**60)
"""Added to a weight where the exact reader has to say what is wrong."""

Weigher = Callable[[Any], int]


def weigher(kind: Any) -> Weigher:
    """A function from a decoded value of that type to its least number of quotes; negative: read again."""
    return _weigher(inspect.type_info(kind), {})


def _weigher(info: inspect.Type, known: dict[Any, list[Weigher]]) -> Weigher:
    constant = _constant(info)
    if constant is not None:
        return lambda _: constant
    if isinstance(info, inspect.IntType):
        return _signed if info.ge is None else _unsigned
    if isinstance(info, inspect.UnionType):
        return _union(info, known)
    if isinstance(info, inspect.StructType):
        return _struct(info, known)
    if isinstance(info, (inspect.ListType, inspect.VarTupleType)):
        item = _weigher(info.item_type, known)
        return lambda value: sum(map(item, value))
    if isinstance(info, inspect.DictType):
        item = _weigher(info.value_type, known)
        return lambda value: 2 * len(value) + sum(map(item, value.values()))
    return _anything


def _constant(info: inspect.Type) -> int | None:
    """The weight of a type whose values all weigh the same."""
    if isinstance(info, inspect.StrType):
        return 2
    if isinstance(info, inspect.LiteralType) and all(isinstance(v, str) for v in info.values):
        return 2
    if isinstance(info, inspect.CustomType) and info.cls is Instant:
        return 2
    if isinstance(info, (inspect.BoolType, inspect.FloatType, inspect.NoneType)):
        return 0
    if isinstance(info, inspect.IntType) and info.ge is not None and info.le is not None:
        return 0  # msgspec has checked its range
    return None


def _signed(value: int) -> int:
    return 0 if I64_MIN <= value <= I64_MAX else WRONG


def _unsigned(value: int) -> int:
    return 0 if value <= U64_MAX else WRONG


def _anything(value: Any) -> int:
    """Free JSON. Objects and arrays are read again: nobody else looks at their depth."""
    if isinstance(value, str):
        return 2
    if isinstance(value, (bool, float)) or value is None:
        return 0
    if isinstance(value, int):
        return 0 if I64_MIN <= value <= U64_MAX else UNKNOWN
    if isinstance(value, dict):
        return 2 * len(value) + sum(map(_anything, value.values())) if _flat(value.values()) else UNKNOWN
    return UNKNOWN


def _flat(values: Any) -> bool:
    return not any(isinstance(value, (dict, list)) for value in values)


def _union(info: inspect.UnionType, known: dict[Any, list[Weigher]]) -> Weigher:
    others = _alternatives(info)
    if len(others) != 1:
        return lambda value: 0 if value is None else UNKNOWN
    item = _weigher(others[0], known)
    return lambda value: 0 if value is None else item(value)


def _alternatives(info: inspect.UnionType) -> list[inspect.Type]:
    return [t for t in info.types if not isinstance(t, inspect.NoneType)]


def _struct(info: inspect.StructType, known: dict[Any, list[Weigher]]) -> Weigher:
    if info.cls in known:  # a type that contains itself
        later = known[info.cls]
        return lambda value: later[0](value)  # noqa: PLW0108  (the list is filled after this)
    known[info.cls] = later = []
    built = _build(info, known)
    later.append(built)
    return built


def _build(info: inspect.StructType, known: dict[Any, list[Weigher]]) -> Weigher:
    if info.array_like:
        return lambda _: UNKNOWN
    base = (2 if info.tag_field is not None else 0) + (2 if isinstance(info.tag, str) else 0)
    alike: dict[int, tuple[list[str], list[Any]]] = {}
    rest: list[tuple[Callable[[Any], Any], Weigher, bool]] = []
    for field in info.fields:
        constant = _constant(_without_none(field.type))
        nullable = isinstance(field.type, inspect.UnionType)
        if constant is None or (nullable if field.required else not _skippable(field.default, nullable)):
            rest.append((attrgetter(field.name), _weigher(field.type, known), field.required))
        elif field.required:
            base += 2 + constant
        else:
            names, defaults = alike.setdefault(2 + constant, ([], []))
            names.append(field.name)
            if field.default not in defaults:
                defaults.append(field.default)
    full = base + sum(each * len(names) for each, (names, _) in alike.items())
    groups = [(_values(names), each, tuple(defaults)) for each, (names, defaults) in alike.items()]

    def weigh(value: Any) -> int:
        weight = full
        for get, each, defaults in groups:
            found = get(value)
            for default in defaults:
                weight -= each * found.count(default)
        return weight

    def weigh_all(value: Any) -> int:
        weight = weigh(value)
        for read, item, required in rest:
            found = read(value)
            if required or (found and found is not msgspec.UNSET):  # an empty list may be no key at all
                weight += 2 + item(found)
        return weight

    return weigh_all if rest else weigh


def _skippable(default: Any, nullable: bool) -> bool:
    """Whether a value weighs nothing exactly when it is the default."""
    if nullable:
        return default is None or default is msgspec.UNSET
    return default is not msgspec.NODEFAULT


def _without_none(info: inspect.Type) -> inspect.Type:
    if isinstance(info, inspect.UnionType):
        others = _alternatives(info)
        if len(others) == 1:
            return others[0]
    return info


def _values(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) == 1:
        only = attrgetter(names[0])
        return lambda value: (only(value),)
    return attrgetter(*names)
