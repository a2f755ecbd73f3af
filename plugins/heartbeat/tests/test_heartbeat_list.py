"""The list of the fleet: filters, order, pages, counts, files, selections (docs/fleet.md)."""

from __future__ import annotations

import contextlib
import csv
import io
import sqlite3
from typing import Any

import pytest

from kanade_host.plugin import Instant

pytestmark = pytest.mark.kanade(plugins=["heartbeat", "fleet"])

NOW = Instant.parse("2026-11-23T10:00:00Z")
FLEET: list[tuple[str, str | None, str | None, str, float, float, int]] = [
    # pc_id, host name, system, version, seconds since it was heard, its clock behind, CPU
    ("pc-01", "DESK-01", "windows", "0.43.25", 0, 0, 5),
    ("pc-02", "desk-02", "windows", "0.43.9", 60, 0, 50),
    ("pc-03", "lab_100%", "linux", "0.43.9", 100, 0, 1),
    ("pc-04", None, None, "0.44.0-rc1", 10, 3600, 0),
    ("pc-05", "lab-05", "linux", "0.44.0", 86400, 0, 2),
]


async def fleet(host: Any) -> None:
    """Five PCs, heard at different times; the clock ends at NOW."""
    for pc_id, hostname, system, version, age, behind, cpu in sorted(FLEET, key=lambda one: -one[4]):
        host.clock.set(NOW - age)
        beat = {
            "pc_id": pc_id,
            "at": (NOW - age - behind).wire,
            "agent_version": version,
            "hostname": hostname,
            "os_family": system,
            "agent_cpu_pct": cpu,
            "agent_rss_bytes": 1_000_000,
        }
        await host.publish("heartbeat.x", {key: value for key, value in beat.items() if value is not None})
        await host.settle()
    host.clock.set(NOW)
    for pc_id, groups in (("pc-01", ["a", "b"]), ("pc-02", ["b"]), ("pc-03", ["c"]), ("pc-09", ["a"])):
        assert (await host.put(f"/api/agents/{pc_id}/groups", json={"groups": groups})).status == 200


async def many(host: Any, count: int) -> None:
    """PCs without a name of their own, put into the file."""
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
    await host.stop()
    with contextlib.closing(sqlite3.connect(host.database)) as db, db:
        db.execute(f"{numbers} INSERT INTO agents (pc_id) SELECT 'pc-' || i FROM n")
    await host.start()


async def listed(host: Any, query: str) -> list[str]:
    answer = await host.get("/api/fleet/agents?" + query, role="viewer")
    assert answer.status == 200, f"{query}: {answer.text}"
    assert answer.json()["total"] == len(answer.json()["items"]), query
    return [one["pc_id"].removeprefix("pc-") for one in answer.json()["items"]]


FILTERS = [
    ("", "01 02 03 04 05"),
    ("q=DESK", "01 02"),
    ("q=+desk-01+", "01"),
    ("q=pc-0", "01 02 03 04 05"),
    ("q=100%25", "03"),
    ("q=_", "03"),
    ("group=a", "01"),
    ("group=a&group=c", "01 03"),
    ("group=nobody", ""),
    ("not_group=b", "03 04 05"),
    ("group=b&not_group=a", "02"),
    ("version=0.43.9", "02 03"),
    ("version=0.43.9&version=0.44.0", "02 03 05"),
    ("not_version=0.43.9", "01 04 05"),
    ("os=linux", "03 05"),
    ("os=", "04"),
    ("os=linux&version=0.44.0", "05"),
    ("online=true", "01 02 04"),
    ("online=false", "03 05"),
    ("state=active", "01 02 03"),
    ("state=stale", "04 05"),
    ("state=stale&online=true", "04"),
    ("pcs=pc-01,desk-02;PC-03%0Anobody", "01 02 03"),
    ("pcs=pc-05&pcs=pc-01&os=linux", "05"),
    ("pcs=", ""),
    ("doubled=true", ""),
    ("doubled=false", "01 02 03 04 05"),
]


async def test_each_filter_alone_and_together(host: Any) -> None:
    await fleet(host)
    wrong = []
    for query, expected in FILTERS:
        found = " ".join(await listed(host, query))
        if found != expected:
            wrong.append(f"{query}: {found} instead of {expected}")
    assert wrong == []


ORDERS = [
    ("sort=pc_id&order=desc", "05 04 03 02 01"),
    ("sort=hostname", "04 01 02 05 03"),
    ("sort=hostname&order=desc", "03 05 02 01 04"),
    ("sort=os", "04 03 05 01 02"),
    ("sort=version", "02 03 01 04 05"),
    ("sort=version&order=desc", "05 04 01 03 02"),
    ("sort=last_heartbeat", "05 04 03 02 01"),
    ("sort=received_at&order=desc", "01 04 02 03 05"),
    ("sort=cpu", "04 03 05 01 02"),
    ("sort=rss", "01 02 03 04 05"),
    ("sort=online", "03 05 01 02 04"),
    ("sort=state&order=desc", "03 02 01 05 04"),
]


async def test_every_order_whole_and_page_by_page(host: Any) -> None:
    await fleet(host)
    wrong = []
    for query, expected in ORDERS:
        paged, cursor = [], ""
        for _ in range(len(FLEET) + 1):
            answer = (await host.get(f"/api/fleet/agents?{query}&limit=1&cursor={cursor}")).json()
            assert answer["total"] == len(FLEET)
            paged += [one["pc_id"].removeprefix("pc-") for one in answer["items"]]
            if answer["next"] is None:
                break
            cursor = answer["next"]
        for way, found in (("whole", await listed(host, query)), ("by page", paged)):
            if " ".join(found) != expected:
                wrong.append(f"{query}, {way}: {found} instead of {expected}")
    assert wrong == []


async def test_an_empty_fleet_has_every_order(host: Any) -> None:
    for query, _ in ORDERS:
        for path in ("/api/fleet/agents?", "/api/fleet/agents/export?format=json&"):
            assert (await host.get(path + query)).status == 200, query


async def test_an_item(host: Any) -> None:
    await fleet(host)
    answer = (await host.get("/api/fleet/agents?pcs=pc-04,pc-01")).json()
    assert answer["items"][0] == {
        "pc_id": "pc-01",
        "hostname": "DESK-01",
        "os_family": "windows",
        "agent_version": "0.43.25",
        "last_heartbeat": "2026-11-23T10:00:00Z",
        "received_at": "2026-11-23T10:00:00Z",
        "online": True,
        "state": "active",
        "groups": ["a", "b"],
        "attributes": {},
        "warnings": [],
        "agent_cpu_pct": 5.0,
        "agent_rss_bytes": 1_000_000,
        "agent_disk_read_bytes": None,
        "agent_disk_written_bytes": None,
    }
    [warning] = answer["items"][1]["warnings"]
    assert warning == {"code": "clock", "text": "the PC's clock is 3600 seconds behind the host's"}


REFUSED = [
    ("versoin=1", "unknown filter `versoin`: there are `q`, `group`"),
    ("attribute.=1", "unknown filter `attribute.`"),
    ("attribute.site__near=1", "unknown filter operator `near`; there are eq, ne"),
    ("attribute.site__exists=maybe", "attribute `site`: `exists` takes `true` or `false`"),
    ("inventory.inv-sw.apps=1", "unknown filter `inventory.inv-sw.apps`"),
    ("inventory.inv-sw.apps.name=1", "filter by inventory: the inventory plugin is not running"),
    ("online=yes", "Failed to deserialize query string: online:"),
    ("state=lost", "Failed to deserialize query string: state: unknown variant `lost`"),
    ("sort=height", "Failed to deserialize query string: sort: unknown variant `height`"),
    ("limit=-1", "Failed to deserialize query string: limit:"),
    ("cursor=x", "cursor: not one that this list gave out"),
    ("cursor=WyJhIl0", "cursor: not one that this list gave out"),
    ("cursor=%C3%A9", "cursor: not one that this list gave out"),
    ("cursor=WyJjcHUiLCJhc2MiLDEsImEiXQ", "cursor: it belongs to a list by cpu asc"),
    # ["rss","asc",9223372036854775808,"a"]: no integer of the database
    ("sort=rss&cursor=WyJyc3MiLCJhc2MiLDkyMjMzNzIwMzY4NTQ3NzU4MDgsImEiXQ", "cursor: not one that this"),
    ("q=" + "x" * 1_001, "filter: "),
]


async def test_what_cannot_be_asked_says_why(host: Any) -> None:
    for query, text in REFUSED:
        answer = await host.get("/api/fleet/agents?" + query)
        assert answer.status == 400, query
        assert text in answer.text, f"{query}: {answer.text}"


async def test_a_page_may_begin_at_a_place(host: Any) -> None:
    await fleet(host)
    answer = (await host.get("/api/fleet/agents?sort=cpu&order=desc&limit=2&offset=2")).json()
    assert [one["pc_id"] for one in answer["items"]] == ["pc-05", "pc-03"]
    assert answer["total"] == 5
    behind = (await host.get(f"/api/fleet/agents?sort=cpu&order=desc&cursor={answer['next']}")).json()
    assert [one["pc_id"] for one in behind["items"]] == ["pc-04"]
    assert (await host.get("/api/fleet/agents?offset=99")).json()["items"] == []


async def test_a_page_is_never_longer_than_a_thousand(host: Any) -> None:
    await many(host, 10005)
    answer = (await host.get("/api/fleet/agents?limit=4294967295")).json()
    assert (len(answer["items"]), answer["total"], answer["total_capped"]) == (1_000, 10_000, True)


async def test_a_long_filter_goes_into_the_body(host: Any) -> None:
    await fleet(host)
    names = [f"nobody-{number}" for number in range(20_000)]
    body = {"filter": {"pcs": ["desk-02", *names], "os": ["windows"]}, "limit": 1}
    answer = await host.post("/api/fleet/agents", json=body, role="viewer")
    assert answer.status == 200
    assert [one["pc_id"] for one in answer.json()["items"]] == ["pc-02"]
    assert len(answer.json()["unknown"]) == 20_000
    misspelt = await host.post("/api/fleet/agents", json={"filter": {"oss": ["linux"]}})
    assert (misspelt.status, "oss" in misspelt.text) == (422, True)


async def test_counts_by_value(host: Any) -> None:
    await fleet(host)
    query = "by=group&by=version&by=os&by=state&by=online&by=attribute.site"
    answer = (await host.get("/api/fleet/facets?" + query, role="viewer")).json()
    counts = {
        one["by"]: {value["value"]: value["count"] for value in one["values"]} for one in answer["facets"]
    }
    assert answer["total"] == 5
    assert counts == {
        "group": {"b": 2, None: 2, "a": 1, "c": 1},
        "version": {"0.43.9": 2, "0.43.25": 1, "0.44.0": 1, "0.44.0-rc1": 1},
        "os": {"linux": 2, "windows": 2, None: 1},
        "state": {"active": 3, "stale": 2},
        "online": {"true": 3, "false": 2},
        "attribute.site": {None: 5},
    }
    few = (await host.get("/api/fleet/facets?by=version&limit=1&os=windows")).json()
    assert few["facets"] == [
        {"by": "version", "values_total": 2, "values": [{"value": "0.43.25", "count": 1}]}
    ]
    for query, text in (("", "by: name what to count by"), ("by=height", "by: there is no `height`")):
        answer = await host.get("/api/fleet/facets?" + query)
        assert (answer.status, text in answer.text) == (400, True)


async def test_the_file_holds_exactly_what_is_filtered(host: Any) -> None:
    await fleet(host)
    await host.publish(
        "heartbeat.x", {"pc_id": "=cmd", "at": NOW.wire, "agent_version": "1", "hostname": "@x"}
    )
    await host.settle()
    answer = await host.get("/api/fleet/agents/export?online=true&sort=hostname", role="viewer")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert [row["pc_id"] for row in rows] == ["pc-04", "'=cmd", "pc-01", "pc-02"]
    assert (rows[1]["hostname"], rows[2]["groups"], rows[2]["online"]) == ("'@x", "a b", "true")
    answer = await host.get("/api/fleet/agents/export?online=false&format=json")
    assert [one["pc_id"] for one in answer.json()] == ["pc-03", "pc-05"]
    assert (await host.get("/api/fleet/agents/export?online=false&q=nobody&format=json")).json() == []


async def test_a_long_file_comes_page_by_page(host: Any) -> None:
    await many(host, 2500)
    rows = (await host.get("/api/fleet/agents/export?format=json")).json()
    assert sorted(row["pc_id"] for row in rows) == sorted(f"pc-{i}" for i in range(1, 2501))


SELECTIONS: list[tuple[dict[str, Any], str, list[str], list[str]]] = [
    ({"filter": {}}, "01 02 03 04 05", [], []),
    ({"filter": {"os": ["linux"]}}, "03 05", [], []),
    ({"names": []}, "", [], []),
    ({"names": ["PC-05", "desk-01", "nobody", "nobody"]}, "01 05", ["nobody"], []),
    ({"names": ["pc-01", "pc-05", "x"], "filter": {"online": True}}, "01", ["x"], ["pc-05"]),
]


async def test_a_selection_names_its_pcs(host: Any) -> None:
    await fleet(host)
    for body, matched, unknown, left_out in SELECTIONS:
        answer = await host.post("/api/fleet/select", json=body, role="viewer")
        assert answer.status == 200, body
        assert answer.json() == {
            "total": len(matched.split()),
            "matched": [f"pc-{name}" for name in matched.split()],
            "unknown": unknown,
            "ambiguous": {},
            "left_out": left_out,
        }, body
    nothing = await host.post("/api/fleet/select", json={})
    assert (nothing.status, "give `filter`, `names` or both" in nothing.text) == (400, True)


async def test_a_host_name_that_several_have_names_all_and_says_so(host: Any) -> None:
    for pc_id in ("a", "b"):
        await host.publish(
            "heartbeat.x", {"pc_id": pc_id, "at": NOW.wire, "agent_version": "1", "hostname": "H"}
        )
    await host.settle()
    answer = (await host.post("/api/fleet/select", json={"names": ["h"]})).json()
    assert (answer["matched"], answer["ambiguous"]) == (["a", "b"], {"h": ["a", "b"]})


async def test_online_follows_the_configured_interval(host: Any) -> None:
    await fleet(host)

    async def online() -> list[str]:
        answer = (await host.get("/api/agents")).json()
        return sorted(one["pc_id"] for one in answer if one["online"])

    assert await online() == ["pc-01", "pc-02", "pc-04"]
    await host.put("/api/config", json={"heartbeat_interval": "15s"})
    await host.put("/api/groups/b/config", json={"heartbeat_interval": "40s"})
    await host.put("/api/pcs/pc-05/config", json={"heartbeat_interval": "1day"})
    await host.until(lambda: _equals(host, online, ["pc-01", "pc-02", "pc-04", "pc-05"]), what="intervals")
    host.clock.advance(36)  # 15 s: pc-04 was heard 46 s ago; 40 s: pc-02 was heard 96 s ago
    assert await online() == ["pc-01", "pc-02", "pc-05"]
    await host.delete("/api/groups/b/config")
    await host.until(lambda: _equals(host, online, ["pc-01", "pc-05"]), what="the group's interval to go")
    one = (await host.get("/api/agents/pc-02")).json()
    assert one["online"] is False


async def _equals(host: Any, online: Any, expected: list[str]) -> bool:
    host.clock.advance(0.001)  # kept answers hold for a second of the host's clock
    return bool(await online() == expected)
