"""Own attributes of PCs: set, checked, bounded, found, recorded."""

from __future__ import annotations

from typing import Any

import pytest

from kanade_host.plugin import Instant

pytestmark = pytest.mark.kanade(plugins=["heartbeat", "audit"])

NOW = Instant.parse("2026-11-23T10:00:00Z")
PCS = ("pc-1", "pc-2", "pc-3")


@pytest.fixture
async def fleet(host: Any) -> Any:
    host.clock.set(NOW)
    for pc_id in PCS:
        await host.publish("heartbeat.x", {"pc_id": pc_id, "at": NOW.wire, "agent_version": "1"})
    await host.settle()
    return host


async def note(host: Any, pc_id: str, name: str, value: str, type: str = "text") -> Any:
    path = f"/api/fleet/pcs/{pc_id}/attributes/{name}"
    return await host.put(path, json={"value": value, "type": type}, role="operator")


async def records(host: Any, action: str) -> list[dict[str, Any]]:
    await host.settle()
    return [
        one["payload"] | {"target": one["target"]}
        for one in (await host.get(f"/api/audit?action={action}")).json()
    ]


async def test_set_change_and_delete(fleet: Any) -> None:
    noted = (await note(fleet, "pc-1", "site", " Tokyo ")).json()
    assert (noted["name"], noted["type"], noted["value"]) == ("site", "text", "Tokyo")
    assert noted["updated_at"].startswith("2026-11-23T10:00:0")
    assert (await note(fleet, "pc-1", "設置場所", "3階")).status == 200
    assert (await note(fleet, "pc-1", "site", "Osaka")).status == 200
    own = (await fleet.get("/api/fleet/pcs/pc-1/attributes", role="viewer")).json()
    assert {one["name"]: one["value"] for one in own} == {"site": "Osaka", "設置場所": "3階"}
    assert (await fleet.get("/api/fleet/pcs/pc-1")).json()["attributes"] == {
        "site": "Osaka",
        "設置場所": "3階",
    }
    assert (await fleet.delete("/api/fleet/pcs/pc-1/attributes/site", role="operator")).status == 204
    assert (await fleet.delete("/api/fleet/pcs/pc-1/attributes/site")).status == 404
    told = await records(fleet, "attribute_set")
    assert [(one["value"], one["before"]) for one in told] == [
        ("Osaka", "Tokyo"),
        ("3階", None),
        ("Tokyo", None),
    ]
    [gone] = await records(fleet, "attribute_delete")
    assert (gone["target"], gone["name"], gone["before"]) == ("pc-1", "site", "Osaka")


async def test_what_is_so_already_leaves_no_record(fleet: Any) -> None:
    for _ in range(2):
        assert (await note(fleet, "pc-1", "site", "Tokyo")).status == 200
    assert len(await records(fleet, "attribute_set")) == 1


async def test_a_viewer_may_only_look(fleet: Any) -> None:
    path = "/api/fleet/pcs/pc-1/attributes/site"
    assert (await fleet.put(path, json={"value": "x"}, role="viewer")).status == 403
    assert (await fleet.delete(path, role="viewer")).status == 403
    assert (await fleet.post("/api/fleet/attributes", json={"filter": {}}, role="viewer")).status == 403


REFUSED = [
    ("pc-1", "site", " ", "text", 400, "must not be blank"),
    ("pc-1", "site", "", "text", 422, ""),
    ("pc-1", "site", "x" * 1_001, "text", 422, ""),
    ("pc-1", "site", "x", "colour", 422, ""),
    ("pc-1", "a__b", "x", "text", 400, "no `__`"),
    ("pc-1", "-a", "x", "text", 400, "attribute name `-a`"),
    ("pc-1", "a%20b", "x", "text", 400, "attribute name"),
    ("pc-1", "a" * 65, "x", "text", 400, "attribute name"),
    ("pc-1", "age", "old", "number", 400, "`old` is no number"),
    ("pc-1", "age", "1e5", "number", 400, "is no number"),
    ("pc-1", "bought", "23.11.2026", "date", 400, "write it as `2026-11-23`"),
    ("pc-1", "bought", "2026-02-30", "date", 400, "is no date"),
    ("pc-1", "leased", "yes", "boolean", 400, "`true` or `false`"),
    ("nobody", "site", "x", "text", 404, "no PC `nobody` is known"),
]


async def test_what_cannot_be_set_says_why(fleet: Any) -> None:
    for pc_id, name, value, type, status, text in REFUSED:
        answer = await note(fleet, pc_id, name, value, type)
        assert (answer.status, text in answer.text) == (status, True), f"{name}={value}: {answer.text}"
    for path in ("/api/fleet/pcs/nobody", "/api/fleet/pcs/nobody/attributes"):
        assert (await fleet.get(path)).status == 404
    assert await fleet.rows("SELECT 1 FROM heartbeat_attributes") == []


FILTERS = {
    "attribute.site=Tokyo": "1 2",
    "attribute.site__ne=Tokyo": "3",
    "attribute.site__contains=O": "1 2 3",
    "attribute.site__prefix=to": "1 2",
    "attribute.site__suffix=ka": "3",
    "attribute.age=9": "1",
    "attribute.age=9.0": "1",
    "attribute.age__gt=9": "2 3",
    "attribute.age__lt=10": "1",
    "attribute.age__ge=10&attribute.site=Tokyo": "2",
    "attribute.age__exists=true": "1 2 3",
    "attribute.note__exists=false": "1 2 3",
    "attribute.site__exists=false": "",
    "attribute.bought__lt=2026-01-01": "1",
    "attribute.nothing=1": "",
}


async def test_pcs_are_found_by_their_attributes(fleet: Any) -> None:
    for pc_id, site, age, bought in (
        ("pc-1", "Tokyo", "9", "2025-12-31"),
        ("pc-2", "Tokyo", "10", "2026-01-01"),
        ("pc-3", "Osaka", "100", "2026-02-01"),
    ):
        for name, value, type in (("site", site, "text"), ("age", age, "number"), ("bought", bought, "date")):
            assert (await note(fleet, pc_id, name, value, type)).status == 200
    for query, expected in FILTERS.items():
        answer = await fleet.get("/api/fleet/agents?" + query)
        assert answer.status == 200, f"{query}: {answer.text}"
        found = [one["pc_id"].removeprefix("pc-") for one in answer.json()["items"]]
        assert " ".join(found) == expected, query
    facet = (await fleet.get("/api/fleet/facets?by=attribute.site")).json()["facets"][0]
    assert facet["values"] == [{"value": "Tokyo", "count": 2}, {"value": "Osaka", "count": 1}]
    names = (await fleet.get("/api/fleet/attributes", role="viewer")).json()
    assert names[-1] == {"name": "site", "types": ["text"], "pcs": 3, "values": 2}


async def test_many_pcs_at_once(fleet: Any) -> None:
    body = {
        "names": ["pc-1", "pc-3", "nobody"],
        "set": {"site": {"value": "Tokyo"}, "age": {"value": "1", "type": "number"}},
    }
    answer = await fleet.post("/api/fleet/attributes", json=body, role="operator")
    assert answer.json() == {"pcs": 2, "changed": 4, "unknown": ["nobody"]}
    body = {"filter": {"attributes": [{"name": "site", "value": "Tokyo"}]}, "delete": ["age", "note"]}
    assert (await fleet.post("/api/fleet/attributes", json=body)).json() == {
        "pcs": 2,
        "changed": 2,
        "unknown": [],
    }
    last, first = await records(fleet, "attributes_set")
    assert (first["pcs"], first["set"], first["names"]) == (2, {"site": "Tokyo", "age": "1"}, 3)
    assert (last["filter"], last["delete"]) == (
        '{"attributes":[{"name":"site","value":"Tokyo"}]}',
        ["age", "note"],
    )


async def test_bulk_changes_that_say_nothing_are_refused(fleet: Any) -> None:
    for body, text in (
        ({"filter": {}}, "give `set` or `delete`"),
        ({"set": {"a": {"value": "b"}}}, "give `filter`, `names` or both"),
        ({"filter": {}, "set": {"a__b": {"value": "b"}}}, "attribute name"),
        ({"filter": {}, "delete": [f"a{n}" for n in range(51)]}, "more than 50 attributes at once"),
    ):
        answer = await fleet.post("/api/fleet/attributes", json=body)
        assert (answer.status, text in answer.text) == (400, True), answer.text


async def test_a_pc_has_at_most_fifty(fleet: Any) -> None:
    many = {f"a{number}": {"value": "x"} for number in range(50)}
    assert (await fleet.post("/api/fleet/attributes", json={"names": ["pc-1"], "set": many})).status == 200
    answer = await note(fleet, "pc-1", "more", "x")
    assert (answer.status, "more than 50 attributes" in answer.text) == (400, True)
    assert (await note(fleet, "pc-1", "a7", "y")).status == 200
    assert len((await fleet.get("/api/fleet/pcs/pc-1/attributes")).json()) == 50


async def test_a_file_has_a_column_for_each_attribute(fleet: Any) -> None:
    assert (await note(fleet, "pc-2", "site", "Tokyo")).status == 200
    text = (await fleet.get("/api/fleet/agents/export")).body.decode("utf-8-sig")
    lines = text.splitlines()
    assert lines[0].endswith(",warnings,attribute.site")
    assert [line.rsplit(",", 1)[1] for line in lines[1:]] == ["", "Tokyo", ""]
