"""Moments: the accepted and refused forms of wire.md 1, http-fleet.md 2.4, manifest.md 3, database.md 2.1."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kanade_host.plugin import BadInstant, Instant

INVALID = "input contains invalid characters"
SHORT = "premature end of input"
RANGE = "input is out of range"
LONG = "trailing input"

GOOD = [
    ("2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z"),
    ("2026-11-23T10:00:00.5Z", "2026-11-23T10:00:00.500Z"),
    ("2026-11-23T10:00:00.500000Z", "2026-11-23T10:00:00.500Z"),
    ("2026-11-23T10:00:00.000001Z", "2026-11-23T10:00:00.000001Z"),
    ("2026-11-23T10:00:00.2769866Z", "2026-11-23T10:00:00.276986600Z"),
    ("2026-11-23T15:27:11.279181237Z", "2026-11-23T15:27:11.279181237Z"),
    ("2026-11-23T15:27:11.2791812379999Z", "2026-11-23T15:27:11.279181237Z"),
    ("2026-11-23T10:00:00.000Z", "2026-11-23T10:00:00Z"),
    ("2026-11-23T10:00:00.000000000Z", "2026-11-23T10:00:00Z"),
    ("2026-01-01T09:00:00.123456+09:00", "2026-01-01T00:00:00.123456Z"),
    ("2026-01-01T09:00:00+0900", "2026-01-01T00:00:00Z"),
    ("2026-01-01T00:00:00-23:59", "2026-01-01T23:59:00Z"),
    ("2026-01-01 09:00:00z", "2026-01-01T09:00:00Z"),
    ("2026-01-01t09:00:00 UTC", "2026-01-01T09:00:00Z"),
    ("2026-01-01T09:00:00utc", "2026-01-01T09:00:00Z"),
    ("2026-01-01 09:00:00 +09:00", "2026-01-01T00:00:00Z"),
    ("2026-1-2T3:4:5Z", "2026-01-02T03:04:05Z"),
    ("  2026-01-01T09:00:00Z ", "2026-01-01T09:00:00Z"),
    ("2026-12-31T23:59:60Z", "2027-01-01T00:00:00Z"),
    ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
    ("2026-01-31T00:00:00Z", "2026-01-31T00:00:00Z"),
    ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
]
BAD = [
    ("", SHORT),
    ("2026-05-20", SHORT),
    ("2026-05-20T10:00:00", SHORT),
    ("2026-05-20T10:00:00.", SHORT),
    ("2026-05-20T10:00:00+09", SHORT),
    ("2026-05-20T10:00:00+0", SHORT),
    ("2026-05", SHORT),
    ("2026-05-20T10:00", SHORT),
    ("yesterday", INVALID),
    ("2026/05/20T10:00:00Z", INVALID),
    ("2026-05-20_10:00:00Z", INVALID),
    ("2026-05-20T10:00:00 09:00", INVALID),
    ("2026-05-20T10:00:00+xx:00", INVALID),
    ("2026-05-20T10:00:00.Z", INVALID),
    ("２０２６-05-20T10:00:00Z", INVALID),
    ("2026-W48-1T10:00:00Z", INVALID),
    ("2026-13-01T00:00:00Z", RANGE),
    ("2026-00-01T00:00:00Z", RANGE),
    ("2026-02-30T00:00:00Z", RANGE),
    ("2026-02-29T00:00:00Z", RANGE),
    ("2026-04-31T00:00:00Z", RANGE),
    ("2026-01-01T24:00:00Z", RANGE),
    ("2026-01-01T00:60:00Z", RANGE),
    ("2026-01-01T00:00:61Z", RANGE),
    ("2026-01-01T00:00:00+24:00", RANGE),
    ("2026-01-01T00:00:00+10:60", RANGE),
    ("0000-01-01T00:00:00Z", RANGE),
    ("0001-01-01T00:00:00+01:00", RANGE),
    ("12026-01-01T00:00:00Z", RANGE),
    ("2026-01-01T00:00:00Zx", LONG),
    ("2026-01-01T00:00:00Z 1", LONG),
]
STORED: list[tuple[Any, str | None]] = [
    ("2026-11-23T10:00:00.500+00:00", "2026-11-23T10:00:00.500Z"),
    ("2026-11-23 10:00:00", "2026-11-23T10:00:00Z"),
    ("2026-11-23T10:00:00", "2026-11-23T10:00:00Z"),
    ("2026-11-23 10:00", "2026-11-23T10:00:00Z"),
    ("2026-11-23 10:00Z", "2026-11-23T10:00:00Z"),
    ("2026-11-23 10:00:00.25", "2026-11-23T10:00:00.250Z"),
    ("2026-11-23 10:00:00+09:00", "2026-11-23T01:00:00Z"),
    ("2026-11-23t10:00:00z", "2026-11-23T10:00:00Z"),
    (1_700_000_000, "2023-11-14T22:13:20Z"),
    (2460000.5, "2023-02-25T00:00:00Z"),
    ("2026-11-23", None),
    ("soon", None),
    (None, None),
    (True, None),
    (b"2026-11-23 10:00:00", None),
    (10**18, None),
    (1e300, None),
    (float("inf"), None),
    (float("nan"), None),
]
MOMENTS = st.integers(-62_135_596_800 * 10**9, 253_402_300_799 * 10**9 + 999_999_999)
RECENT = st.integers(1_700_000_000 * 10**9, 1_700_000_100 * 10**9) | st.integers(0, 10**4).map(
    lambda second: second * 10**9 // 2
)


@pytest.mark.parametrize(("text", "wire"), GOOD)
def test_accepted(text: str, wire: str) -> None:
    assert Instant.parse(text).wire == wire


@pytest.mark.parametrize(("text", "error"), BAD)
def test_refused(text: str, error: str) -> None:
    with pytest.raises(BadInstant) as caught:
        Instant.parse(text)
    assert str(caught.value) == error


@pytest.mark.parametrize(("value", "wire"), STORED)
def test_from_a_column(value: Any, wire: str | None) -> None:
    found = Instant.from_stored(value)
    assert (found.wire if found else None) == wire


def test_texts_of_a_moment() -> None:
    at = Instant.parse("2026-11-23T10:00:00.000001Z")
    assert at.stored == "2026-11-23T10:00:00.000001+00:00"
    assert at.sql == "2026-11-23 10:00:00"
    assert at.sql_ceiling == "2026-11-23 10:00:01"
    assert Instant.parse("2026-11-23T10:00:00Z").sql_ceiling == "2026-11-23 10:00:00"


def test_arithmetic() -> None:
    at = Instant.parse("2026-11-23T10:00:00.5Z")
    assert (at + 90).wire == "2026-11-23T10:01:30.500Z"
    assert (at - 0.25).wire == "2026-11-23T10:00:00.250Z"
    assert (at + 90) - at == 90.0


@settings(max_examples=300, deadline=None, derandomize=True)
@given(MOMENTS)
def test_round_trips(ns: int) -> None:
    at = Instant.from_ns(ns)
    assert at.ns == ns
    assert Instant.parse(at.wire) == at
    assert Instant.parse(at.stored) == at
    assert Instant.from_stored(at.stored) == at
    assert hash(Instant.parse(at.wire)) == hash(at)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(MOMENTS | RECENT, MOMENTS | RECENT)
def test_text_order_is_time_order(one: int, other: int) -> None:
    first, second = Instant.from_ns(one), Instant.from_ns(other)
    assert (first < second) == (first.stored < second.stored) == (one < other)
    assert (first == second) == (one == other)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(MOMENTS, st.integers(-1439, 1439))
def test_agrees_with_datetime(ns: int, minutes: int) -> None:
    at = datetime.fromisoformat(Instant.from_ns(ns // 1000 * 1000).wire)
    try:
        there = at.astimezone(timezone(timedelta(minutes=minutes)))
    except OverflowError:
        return
    assert Instant.parse(there.isoformat()) == Instant.parse(at.isoformat())


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.from_regex(r"\A[0-3]\d{3}-[01]\d-[0-3]\dT[0-2]\d:[0-6]\d:[0-6]\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d)\Z"))
def test_any_text_of_the_shape_is_a_moment_or_refused(text: str) -> None:
    try:
        at = Instant.parse(text)
    except BadInstant:
        return
    assert Instant.from_ns(at.ns) == at
