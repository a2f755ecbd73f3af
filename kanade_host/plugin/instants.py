"""Moments in time with nanoseconds, in the text forms of the contract.

`contract/database.md` 2.1 names two stored forms: R, `2026-11-23T10:00:00.500+00:00`, whose text
order is time order, and S, `2026-11-23 10:00:00`. On the wire the form is `2026-11-23T10:00:00.500Z`.
`datetime` keeps microseconds only, and agents send nanoseconds that are parts of keys.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import total_ordering
from typing import Any

NS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLAIN = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)
_LOOSE = re.compile(
    r"\s*(\d{4})-(\d{1,2})-(\d{1,2})\s*[Tt ]\s*(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d+))?"
    r"\s*(?:([Zz]|[Uu][Tt][Cc])|([+-])(\d\d):?(\d\d))\s*",
    re.ASCII,
)
_STORED = re.compile(
    r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9})\d*)?)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_ALPHABET = re.compile(r"[0-9TtZzUuCc:.+\- ]*", re.ASCII)


class BadInstant(ValueError):
    """The text is no timestamp; the message is the one of the contract."""


def _fraction(digits: str | None) -> str:
    """The shortest of 0, 3, 6 or 9 digits that loses nothing, with its point."""
    digits = (digits or "")[:9].rstrip("0")
    if not digits:
        return ""
    width = -len(digits) // 3 * -3
    return "." + digits.ljust(width, "0")


@total_ordering
class Instant:
    """A moment, UTC. Immutable, hashable, ordered; `stored`, `wire` and `sql` are its texts."""

    __slots__ = ("stored",)
    stored: str
    """Form R: `2026-11-23T10:00:00.500+00:00`."""

    def __init__(self, stored: str) -> None:
        """From text that is in form R already; use `parse` for anything from outside."""
        self.stored = stored

    # -- making ------------------------------------------------------------------------------

    @classmethod
    def parse(cls, text: str) -> Instant:
        """From RFC 3339 text in the forms that the contract accepts. Raises `BadInstant`."""
        plain = _PLAIN.fullmatch(text)
        if plain is not None:
            try:
                datetime.fromisoformat(plain[1])
            except ValueError:
                return cls._parse_loose(text)
            return cls(plain[1] + _fraction(plain[2]) + "+00:00")
        return cls._parse_loose(text)

    @classmethod
    def _parse_loose(cls, text: str) -> Instant:
        found = _LOOSE.fullmatch(text)
        if found is None:
            known = _ALPHABET.fullmatch(text.strip()) is not None
            raise BadInstant("premature end of input" if known else "input contains invalid characters")
        year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
        leap = second == 60
        try:
            at = datetime(year, month, day, hour, minute, 59 if leap else second, tzinfo=UTC)
            if leap:
                at += timedelta(seconds=1)
            if found[9]:
                offset = timedelta(hours=int(found[10]), minutes=int(found[11]))
                if offset >= timedelta(hours=24) or int(found[11]) > 59:
                    raise ValueError
                at = at - offset if found[9] == "+" else at + offset
        except (ValueError, OverflowError):
            raise BadInstant("input is out of range") from None
        return cls(f"{at:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + _fraction(found[7]) + "+00:00")

    @classmethod
    def from_ns(cls, ns: int) -> Instant:
        """From nanoseconds since 1970."""
        seconds, rest = divmod(ns, NS)
        at = _EPOCH + timedelta(seconds=seconds)
        return cls(at.isoformat()[:19] + _fraction(f"{rest:09d}") + "+00:00")

    @classmethod
    def from_stored(cls, value: Any) -> Instant | None:
        """From a column in any form that the contract's reader accepts; None when it is none of them."""
        if isinstance(value, str):
            found = _STORED.fullmatch(value.strip())
            if found is None:
                return None
            zone = found[5] or "Z"
            try:
                return cls.parse(f"{found[1]}T{found[2]}:{found[3] or '00'}.{found[4] or '0'}{zone}")
            except BadInstant:
                return None
        if isinstance(value, bool):
            return None
        try:
            if isinstance(value, int):
                return cls.from_ns(value * NS)
            if isinstance(value, float):  # a Julian day
                return cls.from_ns(round((value - 2440587.5) * 86400) * NS)
        except OverflowError:
            return None
        return None

    # -- showing -----------------------------------------------------------------------------

    @property
    def wire(self) -> str:
        """`2026-11-23T10:00:00.500Z`, as JSON answers and messages have it."""
        return self.stored[:-6] + "Z"

    @property
    def sql(self) -> str:
        """Form S, the fraction cut: for columns that hold `CURRENT_TIMESTAMP`."""
        return self.stored[:10] + " " + self.stored[11:19]

    @property
    def sql_ceiling(self) -> str:
        """Form S, rounded up to the next second: the lower bound for a comparison with form S."""
        return self.sql if len(self.stored) == 25 else (self + 1).sql

    @property
    def ns(self) -> int:
        """Nanoseconds since 1970."""
        at = datetime.fromisoformat(self.stored[:19]).replace(tzinfo=UTC)
        whole = (at - _EPOCH) // timedelta(seconds=1)
        fraction = self.stored[20:-6]
        return whole * NS + (int(fraction.ljust(9, "0")) if fraction else 0)

    # -- arithmetic --------------------------------------------------------------------------

    def __add__(self, seconds: float) -> Instant:
        return Instant.from_ns(self.ns + round(seconds * NS))

    def __sub__(self, other: Instant | float) -> Any:
        """Seconds between two instants, or the instant so many seconds earlier."""
        if isinstance(other, Instant):
            return (self.ns - other.ns) / NS
        return self + -other

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Instant) and self.stored == other.stored

    def __lt__(self, other: Instant) -> bool:
        return self.stored < other.stored

    def __hash__(self) -> int:
        return hash(self.stored)

    def __repr__(self) -> str:
        return f"Instant({self.stored!r})"
