"""Durations: the grammar and every error text of manifest.md 8."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kanade_host.plugin import BadDuration, parse_duration, whole_seconds

S = 1_000_000_000
UNIT = 'unknown time unit "{}", supported units: ns, us/µs, ms, sec, min, hours, days, weeks, months, years (and few variations)'  # noqa: E501
LARGE = "number is too large or cannot be represented without a lack of precision (values below 1ns are not supported)"  # noqa: E501
NEEDED = "time unit needed, for example {0}sec or {0}ms"

GOOD = [
    ("0", 0),
    ("0s", 0),
    ("30s", 30 * S),
    ("30 s", 30 * S),
    ("30sec", 30 * S),
    ("5m", 300 * S),
    ("5mins", 300 * S),
    ("5M", 13_150_080 * S),
    ("1h30m", 5_400 * S),
    ("1h 30m", 5_400 * S),
    ("1.5h", 5_400 * S),
    ("0.5s", S // 2),
    ("500ms", S // 2),
    ("1d12h", 129_600 * S),
    ("1y", 31_557_600 * S),
    ("18446744073709551615s", (2**64 - 1) * S),
    ("5 5s", 55 * S),
    ("3 000 ms", 3 * S),
    ("1m1h", 3_660 * S),
    ("4.2s", 4_200_000_000),
    ("1.50000000000000000000000000000000000000000000h", 5_400 * S),
    ("1\u00b5s", 1_000),
    (" \u30005s\n", 5 * S),
]
BAD = [
    ("1h" * 50_001, "duration is longer than 100000 characters"),
    ("", "value was empty"),
    ("   ", "value was empty"),
    ("5", NEEDED.format(5)),
    ("30", NEEDED.format(30)),
    ("00", NEEDED.format(0)),
    (" 0 ", NEEDED.format(0)),
    ("1.5", NEEDED.format(1)),
    ("5s5", NEEDED.format(5)),
    ("5S", UNIT.format("S")),
    ("5H", UNIT.format("H")),
    ("5 Min", UNIT.format("Min")),
    ("1e3s", UNIT.format("e")),
    ("abc", "expected number at 0"),
    ("-5s", "expected number at 0"),
    ("+5s", "expected number at 0"),
    (".5s", "expected number at 0"),
    ("P1D", "expected number at 0"),
    ("\uff11s", "expected number at 0"),
    ("10 m s", "expected number at 5"),
    ("1\u00b5s \u00e4", "expected number at 5"),
    ("1.s", "invalid character at 1"),
    ("1h, 30m", "invalid character at 2"),
    ("00:05:00", "invalid character at 2"),
    ("5s!", "invalid character at 2"),
    ("1_000s", "invalid character at 1"),
    ("1,000s", "invalid character at 1"),
    ("1\u03bcs", "invalid character at 1"),
    ("1.1M", LARGE),
    ("0.0001h", LARGE),
    ("1.0000000001s", LARGE),
    ("0.5ns", LARGE),
    ("18446744073709551616s", LARGE),
    ("18446744073709551615s 1s", LARGE),
    ("9" * 10_000 + "s", LARGE),
    ("0." + "3" * 10_000 + "s", LARGE),
]
UNITS = {
    "nanos nsec ns": 1,
    "usec us \u00b5s": 1_000,
    "millis msec ms": 1_000_000,
    "seconds second secs sec s": S,
    "minutes minute min mins m": 60 * S,
    "hours hour hr hrs h": 3_600 * S,
    "days day d": 86_400 * S,
    "weeks week wk wks w": 604_800 * S,
    "months month M": 2_630_016 * S,
    "years year yr yrs y": 31_557_600 * S,
}


@pytest.mark.parametrize(("text", "ns"), GOOD)
def test_accepted(text: str, ns: int) -> None:
    assert parse_duration(text) == ns


@pytest.mark.parametrize(("text", "error"), BAD, ids=[text[:20] for text, _ in BAD])
def test_refused(text: str, error: str) -> None:
    with pytest.raises(BadDuration) as caught:
        parse_duration(text)
    assert str(caught.value) == error


@pytest.mark.parametrize("spellings", UNITS)
def test_every_spelling_of_a_unit(spellings: str) -> None:
    assert {parse_duration(f"7{word}") for word in spellings.split()} == {7 * UNITS[spellings]}


@pytest.mark.parametrize(("text", "seconds"), [("1500ms", 1), ("500ms", 0), ("1h", 3_600)])
def test_seconds_are_cut(text: str, seconds: int) -> None:
    assert whole_seconds(text) == seconds


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(sorted(" ".join(UNITS).split())))))
def test_spans_add_up(spans: list[tuple[int, str]]) -> None:
    each = [f"{number} {unit}" for number, unit in spans]
    if each:
        assert parse_duration(" ".join(each)) == sum(map(parse_duration, each))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(alphabet="0123456789. smhdwyMµun-+,e\u3000é", max_size=12))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    try:
        ns = parse_duration(text)
    except BadDuration:
        return
    assert 0 <= ns < 2**64 * S
