"""Agents over HTTP (http-fleet.md 6), and the service that other plugins ask."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from kanade_host.plugin import Instant

pytestmark = pytest.mark.kanade(plugins=["heartbeat"])

NOW = Instant.parse("2026-11-23T10:00:00Z")
FLEET = [
    ("pc-01", "DESK-01", 0),
    ("pc-02", "DESK-02", 300),
    ("pc-03", "lab_100%", 90_000),
    ("pc\\4", None, 10),
]


async def fleet(host: Any) -> None:
    """Four agents, heard one second after the other in that order."""
    host.clock.set(NOW)
    for pc_id, hostname, age in FLEET:
        message = {"pc_id": pc_id, "at": (NOW - age).wire, "agent_version": "0.43.25", "hostname": hostname}
        await host.publish("heartbeat.x", message)
        await host.settle()
        host.clock.advance(1)


def names(answer: Any) -> list[str]:
    assert answer.status == 200
    return [row["pc_id"] for row in answer.json()]


async def test_no_agents(host: Any) -> None:
    answer = await host.get("/api/agents")
    assert (answer.status, answer.text, answer.headers["content-type"]) == (200, "[]", "application/json")


async def test_an_agent_as_clients_see_it(host: Any) -> None:
    host.clock.set(NOW)
    message = {
        "pc_id": "pc-1",
        "at": "2026-11-23T09:59:59.123456789Z",
        "agent_version": "0.43.25",
        "hostname": 'D "é"',
        "agent_cpu_pct": 12,
    }
    await host.publish("heartbeat.pc-1", message)
    await host.settle()
    text = (
        '{"pc_id":"pc-1","hostname":"D \\"é\\"","os_family":null,"agent_version":"0.43.25",'
        '"last_heartbeat":"2026-11-23T09:59:59.123456789Z","updated_at":"2026-11-23T10:00:00Z",'
        '"agent_cpu_pct":12.0,"agent_rss_bytes":null,"agent_disk_read_bytes":null,'
        '"agent_disk_written_bytes":null,"online":true}'
    )
    assert (await host.get("/api/agents/pc-1", role="viewer")).text == text
    assert (await host.get("/api/agents", role="viewer")).text == f"[{text}]"


async def test_the_one_heard_last_comes_first(host: Any) -> None:
    await fleet(host)
    assert names(await host.get("/api/agents")) == ["pc\\4", "pc-03", "pc-02", "pc-01"]


async def test_agents_heard_in_one_second_come_as_they_were_first_seen(host: Any) -> None:
    host.clock.set(NOW)
    for pc_id in ("b", "c", "a", "b"):
        await host.publish("heartbeat.x", {"pc_id": pc_id, "at": NOW.wire, "agent_version": "1"})
        await host.settle()
    assert names(await host.get("/api/agents")) == ["b", "c", "a"]


SEARCHES: list[tuple[str, list[str], int]] = [
    ("", ["pc\\4", "pc-03", "pc-02", "pc-01"], 4),
    ("?limit=1", ["pc\\4"], 4),
    ("?limit=0", [], 4),
    ("?limit=%2B2", ["pc\\4", "pc-03"], 4),
    ("?limit=200000", ["pc\\4", "pc-03", "pc-02", "pc-01"], 4),
    ("?limit=4294967295", ["pc\\4", "pc-03", "pc-02", "pc-01"], 4),
    ("?q=desk", ["pc-02", "pc-01"], 2),
    ("?q=desk&limit=1", ["pc-02"], 2),
    ("?q=+DESK-01+", ["pc-01"], 1),
    ("?q=", ["pc\\4", "pc-03", "pc-02", "pc-01"], 4),
    ("?q=+", ["pc\\4", "pc-03", "pc-02", "pc-01"], 4),
    ("?q=lab_100%25", ["pc-03"], 1),
    ("?q=%25", ["pc-03"], 1),
    ("?q=_", ["pc-03"], 1),
    ("?q=%5C", ["pc\\4"], 1),
    ("?q=nobody", [], 0),
    ("?other=1", ["pc\\4", "pc-03", "pc-02", "pc-01"], 4),
]


async def test_search_and_limit(host: Any) -> None:
    await fleet(host)
    for query, found, total in SEARCHES:
        answer = await host.get("/api/agents" + query)
        assert (names(answer), answer.headers["x-total-count"]) == (found, str(total)), query


_BAD = "Failed to deserialize query string: "


REFUSED = [
    ("GET", "/api/agents?limit=abc", 400, _BAD + "limit: invalid digit found in string"),
    ("GET", "/api/agents?limit=-1", 400, _BAD + "limit: invalid digit found in string"),
    ("GET", "/api/agents?limit=5.0", 400, _BAD + "limit: invalid digit found in string"),
    ("GET", "/api/agents?limit=", 400, _BAD + "limit: cannot parse integer from empty string"),
    ("GET", "/api/agents?limit=4294967296", 400, _BAD + "limit: number too large to fit in target type"),
    ("GET", "/api/agents?q=a&q=b", 400, _BAD + "duplicate field `q`"),
    ("GET", "/api/agents/nobody", 404, ""),
    ("GET", "/api/agents/PC-01", 404, ""),
    ("GET", "/api/agents/%ff", 400, "Invalid URL: Invalid UTF-8 in `pc_id`"),
    ("POST", "/api/agents", 405, ""),
    ("DELETE", "/api/agents/pc-01", 405, ""),
]


async def test_refused_requests(host: Any) -> None:
    await fleet(host)
    for method, path, status, text in REFUSED:
        answer = await host.request(method, path)
        assert (answer.status, answer.text) == (status, text), (method, path)


async def test_a_log_in_is_needed(host: Any) -> None:
    for path in ("/api/agents", "/api/agents/pc-01"):
        assert (await host.get(path, role=None)).status == 401


async def test_kept_answers_follow_the_table(host: Any) -> None:
    await fleet(host)
    first = await host.get("/api/agents/pc-01")
    again = await host.get("/api/agents/pc-01", headers={"If-None-Match": first.headers["etag"]})
    assert again.status == 304
    await host.publish("heartbeat.x", {"pc_id": "pc-01", "at": NOW.wire, "agent_version": "2"})
    await host.settle()
    assert (await host.get("/api/agents/pc-01")).json()["agent_version"] == "2"


async def test_stored_forms_of_other_writers_are_shown(host: Any) -> None:
    await host.stop()
    with contextlib.closing(sqlite3.connect(host.database)) as db, db:
        db.executemany(
            "INSERT INTO agents (pc_id, last_heartbeat, updated_at) VALUES (?, ?, ?)",
            [
                ("a", "2026-11-23 10:00:00", "2026-11-23 10:00:03"),
                ("b", None, "2026-11-23 10:00:02"),
                ("c", "2026-11-23T19:00:00+09:00", "2026-11-23 10:00:01"),
                ("d", "soon", "2026-11-23 10:00:00"),
            ],
        )
    await host.start()
    found = {row["pc_id"]: row["last_heartbeat"] for row in (await host.get("/api/agents")).json()}
    assert found == {"a": "2026-11-23T10:00:00Z", "b": None, "c": "2026-11-23T10:00:00Z", "d": None}


@pytest.mark.kanade(plugins=["heartbeat"], files=[str(Path(__file__).with_name("agents_probe.py"))])
async def test_the_service(host: Any) -> None:
    async def ask(call: str) -> Any:
        return (await host.get(f"/api/agents_probe/{call}")).json()

    assert await ask("known") == []
    assert await ask(f"counts?of={NOW.wire}") == [0, 0]
    await fleet(host)
    assert await ask("known") == ["pc-01", "pc-02", "pc-03", "pc\\4"]
    assert await ask(f"alive?of={(NOW - 10).wire}") == ["pc-01", "pc\\4"]
    assert await ask(f"alive?of={(NOW - 9.999).wire}") == ["pc-01"]
    online = [one["pc_id"] for one in (await host.get("/api/agents")).json() if one["online"]]
    assert await ask("online") == sorted(online) != []
    assert await ask(f"counts?of={(NOW - 300).wire}") == [4, 3]
    assert await ask("hostnames?of=pc-01&of=pc%5C4&of=nobody") == {"pc-01": "DESK-01", "pc\\4": None}
    assert await ask("hostnames") == {}
