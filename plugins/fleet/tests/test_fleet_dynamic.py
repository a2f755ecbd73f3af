"""Dynamic groups: a filter decides who is in them, whatever else writes to the bucket."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kanade_host.plugin import Instant

pytestmark = pytest.mark.kanade(plugins=["fleet", "heartbeat", "audit"])

NOW = Instant.parse("2026-11-23T10:00:00Z")
LINUX = {"filter": {"os": ["linux"]}}


async def beat(host: Any, pc_id: str, system: str) -> None:
    body = {"pc_id": pc_id, "at": host.clock.now().wire, "agent_version": "1", "os_family": system}
    await host.publish("heartbeat.x", body)
    await host.settle()


@pytest.fixture
async def fleet(host: Any) -> Any:
    host.clock.set(NOW)
    for pc_id, system in (("a", "linux"), ("b", "linux"), ("c", "windows"), ("d", "windows")):
        await beat(host, pc_id, system)
    assert (await host.put("/api/agents/a/groups", json={"groups": ["static"]})).status == 200
    assert (await host.put("/api/agents/c/groups", json={"groups": ["static"]})).status == 200
    return host


async def groups(host: Any) -> dict[str, str]:
    """The members of each group, as any client sees them."""
    answer = await host.get("/api/groups")
    if answer.status == 503:  # the broker is away
        return {}
    return {group["name"]: " ".join(group["members"]) for group in answer.json()["groups"]}


async def put(host: Any, name: str, body: dict[str, Any]) -> Any:
    return await host.put(f"/api/fleet/groups/{name}", json=body, role="operator")


async def records(host: Any, action: str) -> list[Any]:
    await host.settle()
    return [one["payload"] for one in (await host.get(f"/api/audit?action=^{action}$")).json()]


async def becomes(host: Any, **expected: str) -> None:
    """Wait until the groups are so."""

    async def so() -> bool:
        return {name: members for name, members in (await groups(host)).items() if members} == expected

    try:
        await host.until(so, what="the groups")
    except AssertionError:
        raise AssertionError(f"{await groups(host)} instead of {expected}") from None


async def test_a_filter_decides_who_is_in_it(fleet: Any) -> None:
    answer = await put(fleet, "linux", LINUX | {"description": "for patches"})
    assert answer.status == 200
    group = answer.json()
    assert (group["kind"], group["members"], group["problem"]) == ("dynamic", 2, None)
    assert (group["filter"], group["description"]) == ({"os": ["linux"]}, "for patches")
    assert await groups(fleet) == {"linux": "a b", "static": "a c"}
    assert (await fleet.get("/api/fleet/agents?group=linux")).json()["total"] == 2
    [made] = await records(fleet, "dynamic_group_set")
    assert (made["filter"], made["before"]) == ({"os": ["linux"]}, None)
    [joined] = await records(fleet, "dynamic_group_members")
    assert (joined["joined"], joined["joined_pcs"], joined["left"]) == (2, ["a", "b"], 0)

    assert (await put(fleet, "linux", {"filter": {"os": ["windows"]}})).json()["members"] == 2
    assert await groups(fleet) == {"linux": "c d", "static": "a c"}
    left = (await records(fleet, "dynamic_group_members"))[0]
    assert (left["left_pcs"], left["joined_pcs"]) == (["a", "b"], ["c", "d"])


async def test_members_follow_the_fleet(fleet: Any) -> None:
    await put(fleet, "tokyo", {"filter": {"attributes": [{"name": "site", "value": "Tokyo"}]}})
    assert await groups(fleet) == {"static": "a c"}
    for pc_id in ("b", "c"):
        await fleet.put(f"/api/fleet/pcs/{pc_id}/attributes/site", json={"value": "Tokyo"})
    await becomes(fleet, static="a c", tokyo="b c")
    await fleet.delete("/api/fleet/pcs/b/attributes/site")
    await becomes(fleet, static="a c", tokyo="c")
    assert await records(fleet, "dynamic_group_reconciled") == []


async def test_what_is_done_by_hand_is_put_right_and_said(fleet: Any) -> None:
    """As upstream's command line does: it writes the row itself."""
    await put(fleet, "linux", LINUX)
    kv = await fleet.kv("agent_groups")
    await kv.put("a", json.dumps({"groups": ["static"]}).encode())
    await kv.put("d", json.dumps({"groups": ["linux", "own"]}).encode())
    await becomes(fleet, linux="a b", static="a c", own="d")

    async def said() -> Any:
        return await records(fleet, "dynamic_group_reconciled")

    found = await fleet.until(said, what="a record")
    assert sorted(pc for one in found for pc in one["put_back_pcs"]) == ["a"]
    assert sorted(pc for one in found for pc in one["taken_out_pcs"]) == ["d"]


async def test_a_hand_that_was_faster_than_the_host_is_noticed_at_the_start(fleet: Any) -> None:
    await put(fleet, "linux", LINUX)
    await fleet.restart()
    assert (await fleet.get("/api/fleet/groups/linux")).json()["members"] == 2
    await becomes(fleet, linux="a b", static="a c")
    assert await records(fleet, "dynamic_group_reconciled") == []
    assert len(await records(fleet, "dynamic_group_members")) == 1


async def test_clients_of_the_contract_cannot_change_such_a_membership(fleet: Any) -> None:
    await put(fleet, "linux", LINUX)
    for method, path, body in (
        ("POST", "/api/agents/c/groups", {"group": "linux"}),
        ("PUT", "/api/agents/c/groups", {"groups": ["static", "linux"]}),
        ("DELETE", "/api/agents/a/groups/linux", None),
    ):
        answer = await fleet.request(method, path, json=body)
        assert (answer.status, "`linux` is a dynamic group" in answer.text) == (409, True), method
    # Whoever writes a whole list back may leave it in or out: it stays.
    for wanted in (["linux", "x"], ["x"]):
        answer = await fleet.put("/api/agents/a/groups", json={"groups": wanted})
        assert answer.json() == {"groups": ["linux", "x"]}
    assert (await fleet.post("/api/agents/a/groups", json={"group": "linux"})).status == 200
    assert (await fleet.delete("/api/agents/c/groups/linux")).json() == {"groups": ["static"]}


REFUSED = [
    ("linux", {"filter": {}}, 400, "give at least one condition"),
    ("linux", {"filter": {"oss": ["linux"]}}, 400, "oss"),
    ("linux", {}, 422, ""),
    ("a*", LINUX, 400, "cannot be used"),
    ("%20a", LINUX, 400, "cannot be used"),
    (
        "one",
        {"filter": {"group": ["one"]}},
        400,
        "`one` is a dynamic group; a filter can ask for static ones",
    ),
    ("two", {"filter": {"not_group": ["linux"]}}, 400, "`linux` is a dynamic group"),
    ("static", LINUX | {"replace": True}, 400, "`static` is used by the filter of the dynamic group `user`"),
    (
        "linux",
        {"filter": {"inventory": [{"manifest": "m", "table": "t", "column": "c", "value": "x"}]}},
        200,
        "",
    ),
]


async def test_what_cannot_be_a_dynamic_group(fleet: Any) -> None:
    answer = await put(fleet, "static", LINUX)
    assert (answer.status, "`static` is a static group with 2 members" in answer.text) == (409, True)
    await put(fleet, "linux", LINUX)
    await put(fleet, "user", {"filter": {"group": ["static"]}})
    for name, body, status, text in REFUSED:
        answer = await put(fleet, name, body)
        assert (answer.status, text in answer.text) == (status, True), f"{name} {body}: {answer.text}"
    assert (await fleet.put("/api/fleet/groups/x", json=LINUX, role="viewer")).status == 403
    # The last one cannot be asked here: its members stay, and it says why.
    group = (await fleet.get("/api/fleet/groups/linux", role="viewer")).json()
    assert (group["members"], group["problem"]) == (
        2,
        "filter by inventory: the inventory plugin is not running",
    )


async def test_a_static_group_becomes_dynamic_if_that_is_said(fleet: Any) -> None:
    preview = await fleet.post("/api/fleet/groups/preview", json=LINUX | {"name": "static"}, role="viewer")
    assert preview.json() == {
        "total": 2,
        "members": ["a", "b"],
        "joining_total": 1,
        "joining": ["b"],
        "leaving_total": 1,
        "leaving": ["c"],
        "static": True,
    }
    assert await groups(fleet) == {"static": "a c"}
    assert (await put(fleet, "static", LINUX | {"replace": True})).json()["kind"] == "dynamic"
    assert await groups(fleet) == {"static": "a b"}
    [changed] = await records(fleet, "dynamic_group_members")
    assert (changed["joined_pcs"], changed["left_pcs"]) == (["b"], ["c"])


async def test_a_deleted_one_is_empty_or_static(fleet: Any) -> None:
    await put(fleet, "one", LINUX)
    await put(fleet, "two", LINUX)
    assert (await fleet.delete("/api/fleet/groups/one", role="operator")).status == 204
    assert (await fleet.delete("/api/fleet/groups/two?keep=true")).status == 204
    assert await groups(fleet) == {"static": "a c", "two": "a b"}
    for name in ("one", "static", "nobody"):
        assert (await fleet.delete(f"/api/fleet/groups/{name}")).status == 404
    assert (await fleet.delete("/api/agents/a/groups/two")).status == 200  # nobody puts it back
    last, first = await records(fleet, "dynamic_group_delete")
    assert (first["kept"], first["left"], last["kept"]) == (False, 2, True)


async def test_a_row_that_does_not_decode_is_left_and_said(fleet: Any) -> None:
    await (await fleet.kv("agent_groups")).put("b", b'{"groups": 5}')
    answer = (await put(fleet, "linux", LINUX)).json()
    assert (answer["members"], "`b` could not be changed" in answer["problem"]) == (1, True)
    assert (await (await fleet.kv("agent_groups")).get("b")).value == b'{"groups": 5}'
    [joined] = await records(fleet, "dynamic_group_members")
    assert joined["joined_pcs"] == ["a"]


async def test_a_lost_database_empties_no_group(fleet: Any) -> None:
    import contextlib
    import sqlite3

    await put(fleet, "linux", LINUX)
    await fleet.stop()
    with contextlib.closing(sqlite3.connect(fleet.database)) as db, db:
        db.execute("DELETE FROM agents")
    await fleet.start()

    async def said() -> bool:
        return (await fleet.get("/api/fleet/groups/linux")).json()["problem"] is not None

    await fleet.until(said, what="the problem")
    assert await groups(fleet) == {"linux": "a b", "static": "a c"}


async def test_the_list_has_pages_and_both_kinds(fleet: Any) -> None:
    await put(fleet, "linux", LINUX)
    await fleet.put("/api/groups/empty/config", json={})
    answer = (await fleet.get("/api/fleet/groups?limit=2", role="viewer")).json()
    assert [(one["name"], one["kind"], one["members"]) for one in answer["items"]] == [
        ("empty", "static", 0),
        ("linux", "dynamic", 2),
    ]
    assert (answer["total"], answer["next"]) == (3, "linux")
    answer = (await fleet.get("/api/fleet/groups?after=linux&q=STA")).json()
    assert ([one["name"] for one in answer["items"]], answer["total"], answer["next"]) == (
        ["static"],
        1,
        None,
    )
    assert (await fleet.get("/api/fleet/groups/nobody")).status == 404


async def test_without_the_broker_the_definition_is_kept_for_later(fleet: Any) -> None:
    await put(fleet, "linux", LINUX)
    await fleet.broker.stop()
    answer = await put(fleet, "linux", {"filter": {"os": ["windows"]}})
    assert answer.status == 503
    await fleet.broker.start()
    await becomes(fleet, linux="c d", static="a c")


@pytest.mark.kanade(plugins=["fleet"])
async def test_without_the_list_of_pcs_there_are_none(host: Any) -> None:
    answer = await put(host, "linux", LINUX)
    assert (answer.status, "need the heartbeat plugin" in answer.text) == (400, True)
    assert (await host.put("/api/agents/a/groups", json={"groups": ["x"]})).status == 200
