"""Observability events: examples O1 to O4 of `contract/projections.md` 13.3, `http-jobs.md` 11, retention."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from kanade_host_obs.queries import KINDS, EventQuery, statement

from kanade_host.plugin import Instant

pytestmark = pytest.mark.kanade(plugins=["obs"])

LOGON = {
    "pc_id": "o1",
    "at": "2026-11-23T10:00:00.000000001Z",
    "kind": "logon",
    "source": "winlog:Security",
    "event_record_id": "77",
    "payload": {"user": "u", "logon_type": 2},
}
STARTED = {"pc_id": "o1", "at": "2026-11-23T10:00:00Z", "kind": "agent_started", "source": "agent:internal"}


async def rows(host: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in await host.rows("SELECT * FROM obs_events ORDER BY id")]


async def send(host: Any, *events: dict[str, Any]) -> None:
    for event in events:
        await host.publish(f"obs.{event['pc_id']}", event)
    await host.settle()


async def test_o1_the_first_of_a_record_id_wins(host: Any) -> None:
    await send(host, LOGON, LOGON | {"kind": "logoff"}, LOGON | {"pc_id": "o2"})
    found = await rows(host)
    assert [(row["pc_id"], row["kind"]) for row in found] == [("o1", "logon"), ("o2", "logon")]
    assert found[0]["payload"] == '{"logon_type":2,"user":"u"}'
    assert found[0]["at"] == "2026-11-23T10:00:00.000000001+00:00"


async def test_o2_an_event_without_id_is_there_once(host: Any) -> None:
    other = STARTED | {"at": "2026-11-23T10:00:01Z"}
    await send(host, STARTED, STARTED, other, LOGON, STARTED)
    found = await rows(host)
    assert [(row["event_record_id"], row["payload"]) for row in found] == [
        (None, "null"),
        (None, "null"),
        ("77", '{"logon_type":2,"user":"u"}'),
    ]


BAD = {
    "record id is a number": LOGON | {"event_record_id": 78},
    "kind null": LOGON | {"kind": None},
    "array": [],
    "no time": {key: value for key, value in LOGON.items() if key != "at"},
    "time without zone": LOGON | {"at": "2026-11-23T10:00:00"},
    "too deep": b'{"pc_id":"a","at":"2026-11-23T10:00:00Z","kind":"k","source":"s","payload":'
    + b"[" * 127
    + b"]" * 127
    + b"}",
    "no JSON": b"zzz",
}


async def test_o3_what_does_not_decode_is_set_aside_alone(host: Any) -> None:
    for body in BAD.values():
        await host.publish("obs.o1", body)
    await send(host, LOGON)
    assert len(await rows(host)) == 1
    assert len(await host.dead_letters()) == len(BAD)


async def test_o4_an_empty_id_is_an_id(host: Any) -> None:
    await host.publish("obs.o1.sub", LOGON | {"event_record_id": "", "payload": "str"})
    await host.settle()
    [found] = await rows(host)
    assert (found["event_record_id"], found["payload"]) == ("", '"str"')


EVENTS = [
    LOGON | {"event_record_id": str(number), "at": f"2026-11-23T10:00:0{number}Z", **more}
    for number, more in enumerate(
        [
            {"kind": "boot", "payload": None},
            {},
            {"pc_id": "o2", "source": "winlog:System"},
            {"payload": {"logon_type": "2"}},
            {"payload": {"logon_type": 10}, "kind": "logoff"},
        ]
    )
]
FILTERS = {
    "": [4, 3, 2, 1, 0],
    "?limit=2": [4, 3],
    "?pc_id=o1": [4, 3, 1, 0],
    "?pc_id=": [],
    "?kind=logon": [3, 2, 1],
    "?source=winlog:System": [2],
    "?from=2026-11-23T10:00:01Z&to=2026-11-23T10:00:03Z": [2, 1],
    "?logon_type=2": [2, 1],
    "?logon_type=10&kind=logoff": [4],
    "?pc_id=o1&kind=logon&limit=1": [3],
    "?unknown=1": [4, 3, 2, 1, 0],
}


async def test_every_filter(host: Any) -> None:
    await send(host, *EVENTS)
    for query, expected in FILTERS.items():
        answer = await host.get("/api/obs_events" + query, role="viewer")
        assert [int(row["event_record_id"]) for row in answer.json()["events"]] == expected, query
    [first] = (await host.get("/api/obs_events/recent?limit=1")).json()["events"]
    assert first["at"] == "2026-11-23T10:00:04Z"
    assert first["payload"] == {"logon_type": 10}
    assert (await host.get("/api/obs_events/kinds")).json() == {"kinds": ["boot", "logoff", "logon"]}


REFUSED = {
    "/api/obs_events?limit=0": (400, ""),
    "/api/obs_events?limit=5001": (400, ""),
    "/api/obs_events/recent?limit=-1": (400, ""),
    "/api/obs_events?limit=x": (
        400,
        "Failed to deserialize query string: limit: invalid digit found in string",
    ),
    "/api/obs_events?limit=": (
        400,
        "Failed to deserialize query string: limit: cannot parse integer from empty string",
    ),
    "/api/obs_events?from=": (400, "Failed to deserialize query string: from: premature end of input"),
    "/api/obs_events?kind=a&kind=b": (400, "Failed to deserialize query string: duplicate field `kind`"),
}


async def test_bad_queries(host: Any) -> None:
    for path, (status, text) in REFUSED.items():
        answer = await host.get(path)
        assert (answer.status, answer.text) == (status, text), path


async def test_a_payload_that_is_no_json_hides_its_row_alone(host: Any) -> None:
    await send(host, LOGON)
    await host.stop()
    with closing(sqlite3.connect(host.database)) as db, db:
        insert = "INSERT INTO obs_events (pc_id, at, kind, source, payload) VALUES ('x', ?, 'k', 's', ?)"
        db.executemany(insert, [("2026-11-23T11:00:00+00:00", "{"), ("2026-11-23T12:00:00+00:00", None)])
    await host.start()
    for query in ("", "?logon_type=2"):
        listed = (await host.get("/api/obs_events" + query)).json()["events"]
        assert [row["pc_id"] for row in listed] == ["o1"], query


@pytest.mark.kanade(plugins=["obs"], settings={"obs": {"keep_days": 2}})
async def test_old_events_are_deleted(host: Any) -> None:
    now = host.clock.now()
    ages = {"young": 2 * 86_400 - 600, "old": 2 * 86_400 + 600}
    await send(
        host, *(LOGON | {"event_record_id": name, "at": (now - age).wire} for name, age in ages.items())
    )
    await host.restart()

    async def swept() -> bool:
        return [row["event_record_id"] for row in await rows(host)] == ["young"]

    await host.until(swept, what="the old event to be deleted")


PLANS = {
    "newest": (EventQuery(), "idx_obs_events_at"),
    "kind": (EventQuery(kind="k"), "idx_obs_events_kind_at"),
    "pc": (EventQuery(pc_id="p"), "idx_obs_events_pc_at"),
    "from": (EventQuery(since=Instant.parse("2026-11-23T10:00:00Z")), "idx_obs_events_at"),
}


async def test_no_list_sorts_or_scans_the_table(host: Any) -> None:
    with closing(sqlite3.connect(host.database)) as db:
        for name, (query, index) in PLANS.items():
            sql, values = statement(query)
            plan = " ".join(str(row[3]) for row in db.execute("EXPLAIN QUERY PLAN " + sql, values))
            assert index in plan, (name, plan)
            assert "TEMP B-TREE" not in plan, (name, plan)
        plan = " ".join(str(row[3]) for row in db.execute("EXPLAIN QUERY PLAN " + KINDS))
        assert "SCAN obs_events" not in plan, plan
