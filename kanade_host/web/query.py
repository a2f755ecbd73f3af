"""Typed query strings, with the error texts of the contract (`contract/http-fleet.md` 2.4).

The rules are those of form encoding: `+` is a space, invalid UTF-8 becomes U+FFFD, unknown keys are
ignored (or gathered in a field of type `dict[str, list[str]]`, if the struct has one), a known key may
come once. Values are read as upstream's types read them, so that what it
accepts is accepted (`+5`, `05`) and what it refuses is refused (` 5`, `5.0`, an empty value).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import inspect

from kanade_host.plugin.errors import HttpError, PluginError
from kanade_host.plugin.instants import BadInstant, Instant
from kanade_host.web.rejections import bad_query

_DIGITS = re.compile(r"[0-9]+", re.ASCII)


class BadValue(ValueError):
    """A value cannot be read; the text is the contract's."""


def pairs(text: str) -> list[tuple[str, str]]:
    """The keys and values of a query string, decoded, in order."""
    if not text:
        return []
    return parse_qsl(text, keep_blank_values=True, errors="replace")


def grouped(text: str) -> dict[str, list[str]]:
    """The query of a route without a type: every value of every key."""
    found: dict[str, list[str]] = {}
    for key, value in pairs(text):
        found.setdefault(key, []).append(value)
    return found


def read_int(text: str, low: int, high: int) -> int:
    """An integer as Rust's parser reads it, digit by digit, so that the first fault is the one named."""
    if not text:
        raise BadValue("cannot parse integer from empty string")
    negative = text[0] == "-" and low < 0
    digits = text[1:] if negative or text[0] == "+" else text
    if _DIGITS.fullmatch(digits) and len(digits) <= 40:
        value = -int(digits) if negative else int(digits)
        if low <= value <= high:
            return value
    value = 0
    for digit in digits:
        if digit not in "0123456789":
            break
        value = value * 10 + (-int(digit) if negative else int(digit))
        if not low <= value and negative:
            raise BadValue("number too small to fit in target type")
        if value > high:
            raise BadValue("number too large to fit in target type")
    if not _DIGITS.fullmatch(digits):
        raise BadValue("invalid digit found in string")
    raise BadValue("number too small to fit in target type")


def read_bool(text: str) -> bool:
    """`true` or `false`."""
    if text not in ("true", "false"):
        raise BadValue("provided string was not `true` or `false`")
    return text == "true"


def read_instant(text: str) -> Instant:
    """A timestamp in one of the contract's forms."""
    try:
        return Instant.parse(text)
    except BadInstant as error:
        raise BadValue(str(error)) from None


def read_choice(text: str, choices: Mapping[str, Any]) -> Any:
    """One of a few words."""
    try:
        return choices[text]
    except KeyError:
        raise BadValue(f"unknown variant `{text}`, expected {one_of(list(choices))}") from None


def one_of(words: list[str]) -> str:
    """`a`; `a` or `b`; one of `a`, `b`, `c`: as serde lists them."""
    quoted = [f"`{word}`" for word in words]
    if len(quoted) <= 2:
        return " or ".join(quoted)
    return "one of " + ", ".join(quoted)


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    read: Callable[[str], Any]
    repeats: bool
    required: bool


def _reader(kind: inspect.Type, where: str) -> tuple[Callable[[str], Any], bool]:
    """What reads one value of that type, and whether the key may be repeated."""
    if isinstance(kind, inspect.Metadata):
        kind = kind.type
    if isinstance(kind, inspect.UnionType):
        rest = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        if len(rest) == 1:
            return _reader(rest[0], where)
    if isinstance(kind, inspect.StrType):
        return str, False
    if isinstance(kind, inspect.BoolType):
        return read_bool, False
    if isinstance(kind, inspect.IntType):
        low = -(2**63) if kind.ge is None else kind.ge
        unbounded = 2**64 - 1 if low >= 0 else 2**63 - 1  # U64 names no upper bound: msgspec has none there
        high = unbounded if kind.le is None else kind.le
        return lambda text: read_int(text, low, high), False
    if isinstance(kind, inspect.LiteralType) and all(isinstance(one, str) for one in kind.values):
        words = {str(one): one for one in kind.values}
        return lambda text: read_choice(text, words), False
    if isinstance(kind, inspect.EnumType):
        members = {str(one.value): one for one in kind.cls}
        return lambda text: read_choice(text, members), False
    if isinstance(kind, inspect.CustomType) and kind.cls is Instant:
        return read_instant, False
    if isinstance(kind, inspect.ListType):
        return _reader(kind.item_type, where)[0], True
    raise PluginError(f"query field {where} has a type that no query string can hold: {kind}")


def gathers(kind: inspect.Type) -> bool:
    """Whether a field takes every key that no other field names: `dict[str, list[str]]`."""
    return (
        isinstance(kind, inspect.DictType)
        and isinstance(kind.key_type, inspect.StrType)
        and isinstance(kind.value_type, inspect.ListType)
        and isinstance(kind.value_type.item_type, inspect.StrType)
    )


class QueryReader:
    """Reads query strings into one struct type; made once for each route."""

    def __init__(self, kind: type[msgspec.Struct]) -> None:
        info = inspect.type_info(kind)
        if not isinstance(info, inspect.StructType):
            raise PluginError(f"a query type must be a msgspec struct, not {kind!r}")
        self._kind = kind
        self._fields: dict[str, _Field] = {}
        self._rest: str | None = None
        for one in info.fields:
            if gathers(one.type):
                self._rest = one.name
                continue
            read, repeats = _reader(one.type, f"{kind.__name__}.{one.name}")
            self._fields[one.encode_name] = _Field(one.name, read, repeats, one.required and not repeats)
        self._lists = [one.name for one in self._fields.values() if one.repeats]
        self._required = [(key, one.name) for key, one in self._fields.items() if one.required]

    def read(self, text: str) -> Any:
        """An instance of the struct; the first fault in the order of the query raises `HttpError` 400."""
        values: dict[str, Any] = {}
        for key, value in pairs(text):
            field = self._fields.get(key)
            if field is None:
                if self._rest is not None:
                    values.setdefault(self._rest, {}).setdefault(key, []).append(value)
                continue
            if field.name in values and not field.repeats:
                raise bad_query(f"duplicate field `{key}`")
            try:
                found = field.read(value)
            except BadValue as error:
                raise bad_query(str(error), key) from None
            if field.repeats:
                values.setdefault(field.name, []).append(found)
            else:
                values[field.name] = found
        for key, name in self._required:
            if name not in values:
                raise bad_query(f"missing field `{key}`")
        return self._make(values)

    def _make(self, values: dict[str, Any]) -> Any:
        for name in self._lists:
            values.setdefault(name, [])
        try:
            return self._kind(**values)
        except (TypeError, ValueError) as error:  # the struct's own __post_init__ refuses it
            raise HttpError(400, f"Failed to deserialize query string: {error}") from None
