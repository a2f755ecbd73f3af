"""What exactly is wrong with a document, for a type: the texts that clients are shown.

Follows `contract/http-fleet.md` 2.4, `contract/http-jobs.md` 1.2 and `contract/manifest.md` 5: the
first fault in document order is named, missing keys come last.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import inspect

from kanade_host.plugin.instants import BadInstant, Instant
from kanade_host.plugin.json_reader import Fault, Reader, Stop

_WORDS: dict[type, str] = {
    inspect.StrType: "a string",
    inspect.BoolType: "a boolean",
    inspect.FloatType: "f64",
}
_INTEGERS = {
    (-(2**31), 2**31 - 1): "i32",
    (0, 2**32 - 1): "u32",
    (-(2**63), 2**63 - 1): "i64",
    (0, None): "u64",
    (None, None): "i64",
}
_INTEGER_RANGES = {"u64": (0, 2**64 - 1), "i64": (-(2**63), 2**63 - 1)}
_DATE = "an RFC 3339 formatted date and time string"


def check(kind: Any, data: bytes) -> Fault | None:
    """The first fault of the document, or None when it is a value of that type. Raises `TooLong`."""
    reader = _TypedReader(data, kind)
    try:
        reader.value(_info(kind))
        reader.end()
    except Stop as stop:
        return stop.fault
    return None


@lru_cache(maxsize=256)
def _info(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


def expected_one_of(names: tuple[str, ...]) -> str:
    """``expected `a` or `b` ``, ``expected one of `a`, `b`, `c` ``, or what there is to say of none."""
    quoted = [f"`{name}`" for name in names]
    if not quoted:
        return "there are no fields"
    if len(quoted) <= 2:
        return "expected " + " or ".join(quoted)
    return "expected one of " + ", ".join(quoted)


class _TypedReader(Reader):
    """Reads a value of a type and stops at what does not fit."""

    def __init__(self, data: bytes, kind: Any) -> None:
        super().__init__(data)
        self.kind = kind

    def value(self, info: inspect.Type) -> None:
        """A value of that type. What msgspec alone can judge is only read as JSON."""
        match info:
            case inspect.UnionType():
                self._union(info)
            case inspect.StructType(array_like=False):
                self._struct(info)
            case inspect.LiteralType() if all(isinstance(v, str) for v in info.values):
                self._variant(info)
            case inspect.ListType() | inspect.VarTupleType():
                self._list(info.item_type)
            case inspect.DictType():
                self._map(info.value_type)
            case inspect.IntType():
                self._integer(info)
            case inspect.CustomType() if info.cls is Instant:
                self._instant()
            case inspect.StrType() | inspect.BoolType() | inspect.FloatType():
                self._scalar(_WORDS[type(info)])
            case _:
                self.skip()

    # -- scalars -----------------------------------------------------------------------------

    def _scalar(self, wanted: str) -> None:
        accepts: Callable[[Any], bool] = {
            "a string": lambda value: isinstance(value, str),
            "a boolean": lambda value: isinstance(value, bool),
            "f64": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
        }[wanted]
        found = self._read_scalar(wanted)
        if not accepts(found):
            self._mismatch(found, wanted)

    def _read_scalar(self, wanted: str) -> Any:
        """The scalar that is next; an object or array is refused where it begins."""
        byte = self.peek_value()
        if byte == 91:
            self.shape(f"invalid type: sequence, expected {wanted}")
        if byte == 123:
            self.shape(f"invalid type: map, expected {wanted}")
        return self.scalar(byte)

    def _mismatch(self, found: Any, wanted: str) -> None:
        self.shape(f"invalid type: {_shown(found)}, expected {wanted}")

    def _integer(self, info: inspect.IntType) -> None:
        wanted = _INTEGERS.get((info.ge, info.le), "an integer")
        found = self._read_scalar(wanted)
        if isinstance(found, bool) or not isinstance(found, int):
            self._mismatch(found, wanted)
        low, high = _INTEGER_RANGES.get(wanted, (info.ge, info.le))
        if (low is not None and found < low) or (high is not None and found > high):
            self.shape(f"invalid value: integer `{found}`, expected {wanted}")

    def _instant(self) -> None:
        found = self._read_scalar(_DATE)
        if not isinstance(found, str):
            self._mismatch(found, _DATE)
        try:
            Instant.parse(found)
        except BadInstant as error:
            self.shape(str(error))

    def _variant(self, info: inspect.LiteralType) -> None:
        byte = self.peek_value()
        if byte == 123:
            self.shape("invalid type: map, expected a string")
        if byte != 34:
            self.ahead("expected value")
        found = self.string()
        if found not in info.values:
            names = _declared(self.kind, frozenset(info.values), set()) or tuple(map(str, info.values))
            self.shape(f"unknown variant `{found}`, {expected_one_of(names)}")

    def _union(self, info: inspect.UnionType) -> None:
        others = [t for t in info.types if not isinstance(t, inspect.NoneType)]
        if self.peek_value() == 110 and any(isinstance(t, inspect.NoneType) for t in info.types):
            self.word(b"null")
        elif len(others) == 1:
            self.value(others[0])
        else:
            self.skip()  # which one was meant is for msgspec to say

    # -- structure ---------------------------------------------------------------------------

    def _open(self, bracket: int, wanted: str) -> None:
        byte = self.peek_value()
        if byte == bracket:
            self.enter()
        elif byte in (91, 123):
            self._read_scalar(wanted)
        else:
            self._mismatch(self.scalar(byte), wanted)

    def _list(self, item: inspect.Type) -> None:
        self._open(91, "a sequence")
        number = 0
        while self.next_item(number == 0):
            self.path.append(f"[{number}]")
            self.value(item)
            self.path.pop()
            number += 1
        self.leave()

    def _map(self, item: inspect.Type) -> None:
        self._open(123, "a map")
        first = True
        while (key := self.next_key(first)) is not None:
            self._field(key, item)
            first = False
        self.leave()

    def _field(self, key: str, item: inspect.Type) -> None:
        self.colon()
        self.path.append(f".{key}")
        self.value(item)
        self.path.pop()

    def _struct(self, info: inspect.StructType) -> None:
        # A type may say itself what clients are told was expected (an enum that is written as an object).
        self._open(123, getattr(info.cls, "__expecting__", f"struct {info.cls.__name__}"))
        fields = {field.encode_name: field for field in info.fields}
        seen: set[str] = set()
        first = True
        while (key := self.next_key(first)) is not None:
            first = False
            if key == info.tag_field or key in fields:
                if key in seen:
                    self.peek()
                    self.shape(f"duplicate field `{key}`")
                seen.add(key)
            elif info.forbid_unknown_fields:
                self.peek()
                self.shape(f"unknown field `{key}`, {expected_one_of(tuple(fields))}")
            if key in fields:
                self._field(key, fields[key].type)
            else:
                self.colon()
                self.skip()
        self.leave()
        for name, field in fields.items():
            if field.required and name not in seen:
                self.shape(f"missing field `{name}`")


def _declared(kind: Any, values: frozenset[Any], seen: set[Any]) -> tuple[str, ...]:
    """The values of a Literal in the order of its declaration, which `msgspec.inspect` does not keep."""
    if get_origin(kind) is Literal:
        names = get_args(kind)
        return names if frozenset(names) == values else ()
    parts = get_args(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind not in seen:
        seen.add(kind)
        parts = tuple(get_type_hints(kind, include_extras=True).values())
    return next((found for part in parts if (found := _declared(part, values, seen))), ())


def _shown(value: Any) -> str:
    """A value as the contract's errors name it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"boolean `{str(value).lower()}`"
    if isinstance(value, int):
        return f"integer `{value}`"
    if isinstance(value, float):
        return f"floating point `{_float(value)}`"
    return f"string {msgspec.json.encode(value).decode()}"


def _float(value: float) -> str:
    text = repr(value)
    if "e" not in text:
        return text
    digits, _, exponent = text.partition("e")
    return f"{digits}e{int(exponent)}"
