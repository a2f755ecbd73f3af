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
# The last second whose text was made: requests and messages of one moment share it.
_second = (0, "1970-01-01T00:00:00")

# What agents and hosts write needs no further check: a projection reads two of them per message.
# Everything else (29 February too) takes the long way through `_Scanner`.
_CANONICAL = re.compile(
    r"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8]|29(?<!02-29)|30(?<!02-30)"
    r"|31(?<!02-31)(?<!04-31)(?<!06-31)(?<!09-31)(?<!11-31))"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(?:\.[0-9]{6}(?!000)[0-9]{3}|\.[0-9]{3}(?!000)[0-9]{3}|\.(?!000)[0-9]{3})?Z"
).fullmatch
_ZONELESS = re.compile(
    r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(?::(\d\d(?:\.\d+)?))?(Z|[+-]\d\d:\d\d)?", re.ASCII
).fullmatch

INVALID = "input contains invalid characters"
TOO_SHORT = "premature end of input"
TOO_LONG = "trailing input"
OUT_OF_RANGE = "input is out of range"


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
        """From text with date, time and zone: RFC 3339 and the looser forms of http-fleet.md 2.4.

        Raises `BadInstant`. A second 60 is the first moment of the next minute; years are 1 to 9999.
        """
        if _CANONICAL(text):
            return cls(text[:-1] + "+00:00")
        return cls(_scan(text))

    @classmethod
    def from_ns(cls, ns: int) -> Instant:
        """From nanoseconds since 1970."""
        global _second
        seconds, rest = divmod(ns, NS)
        known = _second
        if known[0] != seconds:
            at = _EPOCH + timedelta(seconds=seconds)
            known = _second = (seconds, at.isoformat()[:19])
        if rest % 1_000:  # of the broker's times nearly all
            return cls(f"{known[1]}.{rest:09d}+00:00")
        return cls(known[1] + _fraction(f"{rest:09d}") + "+00:00")

    @classmethod
    def from_stored(cls, value: Any) -> Instant | None:
        """From a column in any form of database.md 2.1; None when it is none of them.

        Text without a zone is UTC, an integer is seconds since 1970, a float is a Julian day.
        """
        try:
            if isinstance(value, str):
                found = _ZONELESS(value.strip())
                if found is None:
                    return cls.parse(value)
                return cls.parse(f"{found[1]}T{found[2]}:{found[3] or '00'}{found[4] or 'Z'}")
            if isinstance(value, int) and not isinstance(value, bool):
                return cls.from_ns(value * NS)
            if isinstance(value, float):
                return cls.from_ns(round((value - 2440587.5) * 86400) * NS)
        except (ValueError, OverflowError):
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
        whole, text = _second
        if text != self.stored[:19]:
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


class _Scanner:
    """Reads the looser forms from left to right, so that the first fault names the error."""

    def __init__(self, text: str) -> None:
        self.rest = text

    def number(self, longest: int, low: int, high: int) -> int:
        self.rest = self.rest.lstrip()
        if not self.rest:
            raise BadInstant(TOO_SHORT)
        digits = self.digits(longest)
        if not digits:
            raise BadInstant(INVALID)
        if not low <= int(digits) <= high:
            raise BadInstant(OUT_OF_RANGE)
        return int(digits)

    def digits(self, longest: int) -> str:
        end = 0
        while end < min(longest, len(self.rest)) and self.rest[end] in "0123456789":
            end += 1
        found, self.rest = self.rest[:end], self.rest[end:]
        return found

    def sign(self, allowed: str) -> str:
        """Take one character that must be among `allowed`."""
        if not self.rest:
            raise BadInstant(TOO_SHORT)
        found = self.rest[0]
        if found not in allowed:
            raise BadInstant(INVALID)
        self.rest = self.rest[1:]
        return found

    def separator(self, mark: str) -> None:
        self.rest = self.rest.lstrip()
        self.sign(mark)

    def offset(self) -> timedelta:
        """The zone, which is not optional: Z, z, UTC, +09:00, +0900."""
        self.rest = self.rest.lstrip()
        if self.rest[:3].upper() == "UTC":
            self.rest = self.rest[3:]
            return timedelta()
        mark = self.sign("Zz+-\u2212")
        if mark in "Zz":
            return timedelta()
        hours = self.two_digits()
        self.rest = self.rest.lstrip(": \t")
        minutes = self.two_digits()
        if hours > 23 or minutes > 59:
            raise BadInstant(OUT_OF_RANGE)
        found = timedelta(hours=hours, minutes=minutes)
        return found if mark == "+" else -found

    def two_digits(self) -> int:
        if len(self.rest) < 2:
            raise BadInstant(TOO_SHORT)
        digits = self.digits(2)
        if len(digits) < 2:
            raise BadInstant(INVALID)
        return int(digits)


def _scan(text: str) -> str:
    """Form R of a timestamp in any accepted form."""
    scan = _Scanner(text)
    year = scan.number(9, 0, 999_999_999)
    scan.separator("-")
    month = scan.number(2, 1, 12)
    scan.separator("-")
    day = scan.number(2, 1, 31)
    scan.sign("Tt ")
    hour = scan.number(2, 0, 23)
    scan.separator(":")
    minute = scan.number(2, 0, 59)
    scan.separator(":")
    second = scan.number(2, 0, 60)
    fraction = ""
    if scan.rest.startswith("."):
        scan.rest = scan.rest[1:]
        if not scan.rest:
            raise BadInstant(TOO_SHORT)
        fraction = scan.digits(len(scan.rest))
        if not fraction:
            raise BadInstant(INVALID)
    offset = scan.offset()
    if scan.rest.strip():
        raise BadInstant(TOO_LONG)
    try:
        at = datetime(year, month, day, hour, minute, tzinfo=UTC) + timedelta(seconds=second) - offset
    except (ValueError, OverflowError):
        raise BadInstant(OUT_OF_RANGE) from None
    return f"{at.isoformat()[:19]}{_fraction(fraction)}+00:00"
