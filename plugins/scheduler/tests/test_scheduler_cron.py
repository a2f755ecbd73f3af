"""Cron expressions: `contract/scheduler.md` 3, what upstream was recorded to answer, and croniter."""

# ruff: noqa: E501 - the tables read best with one case a line

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from croniter import CroniterBadDateError, croniter
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from kanade_host_scheduler.cron import BadCron, Cron
from kanade_host_scheduler.words import words_of
from kanade_host_scheduler.zones import BadZone, Zone

from kanade_host.plugin import Instant

RECORDED = Path(__file__).parents[4] / "shared" / "conformance" / "cron.json"
NEW_YEAR = "2026-01-01T00:00:00Z"

NEXT: list[tuple[str, str, str, list[str]]] = [
    ("R01", "*/10 * * * * *", NEW_YEAR, ["2026-01-01T00:00:10", "2026-01-01T00:00:20", "2026-01-01T00:00:30"]),
    ("R02", "1/10 * * * * *", NEW_YEAR, ["2026-01-01T00:00:01", "2026-01-01T00:00:11", "2026-01-01T00:00:21"]),
    ("R03", "*/30 * * * * *", "2026-01-01T00:00:30Z", ["2026-01-01T00:01:00", "2026-01-01T00:01:30", "2026-01-01T00:02:00"]),
    ("R04", "0 5/15 * * * *", NEW_YEAR, ["2026-01-01T00:05:00", "2026-01-01T00:20:00", "2026-01-01T00:35:00"]),
    ("R05", "0 0 9 * * MON-FRI", NEW_YEAR, ["2026-01-01T09", "2026-01-02T09", "2026-01-05T09"]),
    ("R06", "0 0 9 * * SAT-SUN", NEW_YEAR, ["2026-01-03T09", "2026-01-04T09", "2026-01-10T09"]),
    ("R07", "0 0 9 * * WED-SUN", NEW_YEAR, ["2026-01-01T09", "2026-01-02T09", "2026-01-03T09"]),
    ("R08", "0 0 9 * * 7", NEW_YEAR, ["2026-01-04T09", "2026-01-11T09", "2026-01-18T09"]),
    ("R09", "0 0 9 13 * FRI", NEW_YEAR, ["2026-02-13T09", "2026-03-13T09", "2026-11-13T09"]),
    ("R10", "0 0 9 1,15 * MON", NEW_YEAR, ["2026-06-01T09", "2026-06-15T09", "2027-02-01T09"]),
    ("R11", "0 0 9 8-14 * TUE", NEW_YEAR, ["2026-01-13T09", "2026-02-10T09", "2026-03-10T09"]),
    ("R12", "0 0 9 */2 * 1", NEW_YEAR, ["2026-01-05T09", "2026-01-19T09", "2026-02-09T09"]),
    ("R13", "0 0 9 L * *", NEW_YEAR, ["2026-01-31T09", "2026-02-28T09", "2026-03-31T09"]),
    ("R14", "0 0 9 L * FRI", NEW_YEAR, ["2026-07-31T09", "2027-04-30T09", "2027-12-31T09"]),
    ("R15", "0 0 9 15W * *", NEW_YEAR, ["2026-01-15T09", "2026-02-16T09", "2026-03-16T09"]),
    ("R16", "0 0 9 1W * *", NEW_YEAR, ["2026-01-01T09", "2026-02-02T09", "2026-03-02T09"]),
    ("R17", "0 0 9 31W * *", NEW_YEAR, ["2026-01-30T09", "2026-03-31T09", "2026-05-29T09"]),
    ("R18", "0 0 9 * * FRIL", NEW_YEAR, ["2026-01-30T09", "2026-02-27T09", "2026-03-27T09"]),
    ("R19", "0 0 9 * * TUE#2", NEW_YEAR, ["2026-01-13T09", "2026-02-10T09", "2026-03-10T09"]),
    ("R20", "0 0 9 * * 2#5", NEW_YEAR, ["2026-03-31T09", "2026-06-30T09", "2026-09-29T09"]),
    ("R21", "0 0 9 * * 1L,5#1", NEW_YEAR, ["2026-01-02T09", "2026-01-26T09", "2026-02-06T09"]),
    ("R22", "0 0 0 29 2 *", NEW_YEAR, ["2028-02-29T00", "2032-02-29T00", "2036-02-29T00"]),
    ("R23", "0 0 0 1 1 * 2025-2030/2", NEW_YEAR, ["2027-01-01T00", "2029-01-01T00"]),
    ("R24", "* * * * * * */2", "2026-06-01T00:00:00Z", ["2027-01-01T00:00:00", "2027-01-01T00:00:01", "2027-01-01T00:00:02"]),
    ("R25", "0 0 9 * * *", "2026-01-01T09:00:00Z", ["2026-01-02T09", "2026-01-03T09", "2026-01-04T09"]),
    ("R26a", "0 0 9 * * 7L", NEW_YEAR, []),
    ("R26b", "0 0 9 * * L", NEW_YEAR, []),
    ("R26c", "0 0 0 30 2 *", NEW_YEAR, []),
    ("R26d", "0 0 0 1 1 * 2020", NEW_YEAR, []),
    ("R26e", ", * * * * *", NEW_YEAR, []),
    ("space makes a year", "0 0 9 * * MON, WED", NEW_YEAR, []),
    ("long step", "*/90 * * * * *", NEW_YEAR, ["2026-01-01T00:01:00", "2026-01-01T00:02:00", "2026-01-01T00:03:00"]),
    ("month as hour", "0 0 MAR * * *", NEW_YEAR, ["2026-01-01T03", "2026-01-02T03", "2026-01-03T03"]),
    ("range of nth", "0 0 9 * * 1-2#2", NEW_YEAR, ["2026-01-12T09", "2026-01-13T09", "2026-02-09T09"]),
    ("text after W", "0 0 9 15W5 * *", NEW_YEAR, ["2026-01-15T09", "2026-02-16T09", "2026-03-16T09"]),
    ("far", "0 0 0 1 1 * 4999-5000", NEW_YEAR, ["4999-01-01T00", "5000-01-01T00"]),
    ("fraction", "* * * * * *", "2026-01-01T00:00:00.999Z", ["2026-01-01T00:00:01", "2026-01-01T00:00:02", "2026-01-01T00:00:03"]),
    ("trailing comma", "10, 0 0 * * *", NEW_YEAR, ["2026-01-01T00:00:10", "2026-01-02T00:00:10", "2026-01-03T00:00:10"]),
    ("nickname", " @Hourly ", NEW_YEAR, ["2026-01-01T01", "2026-01-01T02", "2026-01-01T03"]),
]  # fmt: skip


def ticks(cron: Cron, start: str, count: int) -> list[str]:
    return [tick.wire for tick in cron.next(Instant.parse(start), count)]


@pytest.mark.parametrize("name, cron, start, wanted", NEXT, ids=[case[0] for case in NEXT])
def test_next(name: str, cron: str, start: str, wanted: list[str]) -> None:
    del name
    assert ticks(Cron(cron), start, 3) == [
        f"{one}{':00:00'[: 6 if len(one) == 13 else 0]}Z" for one in wanted
    ]


REJECTED = """* * * * *|*/5 * * * *|* * * * * * * *|60 * * * * *|0 0 24 * * *|0 0 0 0 * *|0 0 0 32 * *|0 0 0 1 13 *
0 0 0 * * 8|50-10 * * * * *|0 0 9 * * FRI-MON|*/0 * * * * *|0 0 9 *,* * 1|-5 * * * * *|5- * * * * *
5-10-15 * * * * *|0 0 9 LW * *|0 0 9 L-3 * *|0 0 9 W * *|0 0 9 5L * *|0 0 9 5#1 * *|0 0 9 1-5W * *|0 0 9 * * 2#6
0 0 9 * * 2#0|0 0 9 * * 5-6L|0 0 9 * * L5|0 0 9 * * 1#x|0 0 9 * * *#2|0 0 9 * * ?#2|? * * * * *|H * * * * *
0 0 9 * * *!|TZ=UTC 0 0 9 * * *|* * * * * * 0|* * * * * * 5001|* * * * * * ?||   |bogus|@midnight|@reboot
@every 5m|every day|0 0 9 * MONDAY *|0 0 9 * JANUARY *|65536 * * * * *|0 0 9 * * ++1|1/2/3 * * * * *|/5 * * * * *
R R 9 * * *|0 0 9 * * #2|0 0 9 * * 2#|0 0 9 ?? * *"""


@pytest.mark.parametrize("cron", [one for line in REJECTED.split("\n") for one in line.split("|")])
def test_rejected(cron: str) -> None:
    with pytest.raises(BadCron):
        Cron(cron)


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded expressions do not lie beside this checkout")
def test_what_upstream_was_recorded_to_answer() -> None:
    cases: list[dict[str, Any]] = json.loads(RECORDED.read_text())
    wrong = []
    for case in cases:
        try:
            cron = Cron(case["cron"])
        except BadCron:
            if case["accepted"]:
                wrong.append(case["cron"])
            continue
        found = (
            [tick.wire for tick in cron.next(Instant.parse(case["from"]), 10)] if case["accepted"] else None
        )
        if found != case["next"] if case["accepted"] else True:
            wrong.append(case["cron"])
    assert len(cases) > 200
    assert wrong == []


def test_long_texts() -> None:
    years = Cron("0 0 0 1 1 * */2")
    assert years.next(Instant.parse(NEW_YEAR), 1)
    assert words_of(years).en.endswith("37, 39, …, at 00:00 (UTC)")
    for text in (
        "0 0 9 * * 2#" + "9" * 5_000,
        "9" * 5_000 + " * * * * *",
        "x" * 100_000,
        "-" * 100_000 + " * * * * *",
    ):
        with pytest.raises(BadCron) as refused:
            Cron(text)
        assert len(str(refused.value)) < 500
    assert Cron("1," * 100_000 + " * * * * *").next(Instant.parse(NEW_YEAR), 1)


def fields(low: int, high: int) -> st.SearchStrategy[str]:
    """Forms that both read alike: croniter takes `0-0` for `*`, and wants a step within the range."""
    number = st.integers(low, high)
    span = st.lists(number, min_size=2, max_size=2, unique=True).map(sorted)
    item = st.one_of(
        number.map(str),
        span.map(lambda two: f"{two[0]}-{two[1]}"),
        st.tuples(span, st.integers(1, 5)).map(lambda one: f"{one[0][0]}-{one[0][1]}/{one[1]}"),
    )
    return st.one_of(st.just("*"), st.lists(item, min_size=1, max_size=3).map(",".join))


@settings(max_examples=120, deadline=None)
@given(
    time=st.tuples(fields(0, 59), fields(0, 59), fields(0, 23)),
    day=fields(1, 28),
    month=fields(1, 12),
    weekday=fields(0, 6),
    start=st.integers(0, 4_000_000_000),
)
def test_croniter_says_the_same(
    time: tuple[str, str, str], day: str, month: str, weekday: str, start: int
) -> None:
    text = " ".join((*time, day, month, weekday))
    begun = datetime.fromtimestamp(start, tz=UTC)
    other = croniter(text, begun, second_at_beginning=True, day_or=False)
    try:
        wanted = [other.get_next(datetime).strftime("%Y-%m-%dT%H:%M:%SZ") for _ in range(4)]
    except CroniterBadDateError:  # it looks no further than 50 years
        reject()
    assert [tick.wire for tick in Cron(text).next(Instant.from_ns(start * 10**9), 4)] == wanted


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=40) | st.lists(st.text("0123456789*/,-LW?#+ \t", max_size=6), max_size=8).map(" ".join)
)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        cron = Cron(text)
    except BadCron:
        return
    cron.next(Instant.parse(NEW_YEAR), 3)
    assert words_of(cron).en


ZONES: list[tuple[str, str, str, str, list[str]]] = [
    ("no jumps", "0 0 9 * * *", "Asia/Tokyo", "2026-01-01T00:00:00Z", ["2026-01-02T00:00:00Z"]),
    ("a time that is left out ticks when the clock jumps", "0 30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]),
    ("several of them tick once", "0 */10 2 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]),
    ("a time that comes twice ticks the first time", "0 30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
    ("also when asked between the two", "0 30 2 * * *", "Europe/Berlin", "2026-10-25T00:45:00Z", ["2026-10-26T01:30:00Z"]),
    ("also when asked after the second", "0 30 2 * * *", "Europe/Berlin", "2026-10-25T01:30:00Z", ["2026-10-26T01:30:00Z"]),
    ("every hour follows real time in autumn", "0 30 * * * *", "Europe/Berlin", "2026-10-24T23:00:00Z", ["2026-10-24T23:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"]),
    ("every hour follows real time in spring", "0 30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", ["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z"]),
    ("half an hour", "0 45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", ["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"]),
    ("at midnight", "0 0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z", ["2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"]),
    ("a day that never was", "0 0 12 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", ["2011-12-30T10:00:00Z", "2012-12-29T22:00:00Z"]),
]  # fmt: skip


@pytest.mark.parametrize("name, cron, zone, start, wanted", ZONES, ids=[case[0] for case in ZONES])
def test_wall_clocks(name: str, cron: str, zone: str, start: str, wanted: list[str]) -> None:
    del name
    found = Cron(cron).next(Instant.parse(start), len(wanted), Zone(zone))
    assert [tick.wire for tick in found] == wanted


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]),
    start=st.integers(1_600_000_000, 2_000_000_000),
    minute=st.integers(0, 59),
)
def test_every_hour_is_every_hour_everywhere(zone: str, start: int, minute: int) -> None:
    """Zones of whole or half hours: an hourly tick never is more than 1.5 hours after the one before."""
    found = Cron(f"0 {minute} * * * *").next(Instant.from_ns(start * 10**9), 20, Zone(zone))
    gaps = [later - earlier for earlier, later in pairwise(found)]
    assert all(1_800 <= gap <= 5_400 for gap in gaps)


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "localtime", "日本"])
def test_no_such_zone(name: str) -> None:
    with pytest.raises(BadZone, match="is no time zone; give a name"):
        Zone(name)
