"""Counts over time, and pages whose events share a time."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from kanade_host_obs.histogram import HistogramQuery, statement

from kanade_host.plugin import Instant

pytestmark = pytest.mark.kanade(plugins=["obs"])

EVENTS = [
    ("o1", "2026-11-23T10:00:00Z", "logon"),
    ("o1", "2026-11-23T10:29:59.9Z", "logon"),
    ("o1", "2026-11-23T10:30:00Z", "logoff"),
    ("o2", "2026-11-23T10:31:00Z", "logon"),
    ("o2", "2026-11-23T11:59:59Z", "boot"),
    ("o3", "2026-11-23T12:00:00Z", "boot"),
]
RANGE = "from=2026-11-23T10:00:00Z&to=2026-11-23T12:00:00Z"
PATH = "/api/obs_events/histogram"


@pytest.fixture
async def filled(host: Any) -> Any:
    for number, (pc, at, kind) in enumerate(EVENTS):
        event = {"pc_id": pc, "at": at, "kind": kind, "source": "s", "event_record_id": str(number)}
        await host.publish(f"obs.{pc}", event)
    await host.settle()
    return host


async def test_events_are_counted_by_kind_and_step(filled: Any) -> None:
    answer = (await filled.get(f"{PATH}?{RANGE}", role="viewer")).json()
    assert (answer["step_seconds"], answer["buckets"], answer["total"], answer["others"]) == (1800, 4, 5, 0)
    assert answer["from"] == "2026-11-23T10:00:00Z"
    assert [(one["key"], one["total"], one["counts"]) for one in answer["series"]] == [
        ("logon", 3, [[0, 2], [1, 1]]),
        ("boot", 1, [[3, 1]]),
        ("logoff", 1, [[1, 1]]),
    ]


async def test_by_pc_with_the_filters_of_the_list(filled: Any) -> None:
    answer = (await filled.get(f"{PATH}?{RANGE}&by=pc_id&kind=logon&step=1h&top=1")).json()
    assert (answer["total"], answer["others"]) == (3, 1)
    assert answer["series"] == [{"key": "o1", "total": 2, "counts": [[0, 2]]}]


async def test_the_first_bucket_begins_at_a_multiple_of_the_step(filled: Any) -> None:
    answer = (await filled.get(f"{PATH}?from=2026-11-23T10:17:00Z&to=2026-11-23T10:31:01Z")).json()
    assert (answer["from"], answer["buckets"], answer["total"]) == ("2026-11-23T10:00:00Z", 2, 3)


@pytest.mark.parametrize(
    "query",
    ["step=0s", "step=x", "step=1s&from=2020-01-01T00:00:00Z", "from=2100-01-01T00:00:00Z", "by=payload"],
)
async def test_what_makes_no_picture_is_refused(host: Any, query: str) -> None:
    assert (await host.get(f"{PATH}?{query}")).status == 400


async def test_pages_lose_no_event_that_shares_its_time(host: Any) -> None:
    for number in range(5):
        event = {"pc_id": "o1", "at": "2026-11-23T10:00:00Z", "kind": "k", "source": "s"}
        await host.publish("obs.o1", event | {"event_record_id": str(number)})
    await host.settle()
    seen: list[int] = []
    query = "limit=2"
    while events := (await host.get(f"/api/obs_events?{query}")).json()["events"]:
        seen += [one["id"] for one in events]
        query = f"limit=2&to={events[-1]['at']}&before_id={events[-1]['id']}"
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 5


async def test_counting_reads_a_range_of_an_index(host: Any) -> None:
    at = Instant.parse("2026-11-23T10:00:00Z")
    sql, values = statement(HistogramQuery(since=at, until=at + 60))
    with closing(sqlite3.connect(host.database)) as db:
        plan = " ".join(str(row[3]) for row in db.execute("EXPLAIN QUERY PLAN " + sql, (60, *values)))
    assert "idx_obs_events_at" in plan, plan
