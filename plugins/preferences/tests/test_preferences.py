"""Preferences and saved views: whose they are, how large they may be, and that they last."""

from __future__ import annotations

from typing import Any

import pytest

from kanade_host.plugin.testing.host import Host

pytestmark = pytest.mark.kanade(plugins=["preferences", "audit"])
# The kit's callers are `kit-viewer`, `kit-operator` and `kit-admin`.


async def saved(host: Host, role: str = "viewer", **fields: Any) -> dict[str, Any]:
    body = {"page": "/agents", "name": "Old ones", "state": "version=1.0", **fields}
    answer = await host.post("/api/views", json=body, role=role)
    assert answer.status == 201, answer.text
    view: dict[str, Any] = answer.json()
    return view


async def names(host: Host, role: str, query: str = "") -> list[str]:
    return [view["name"] for view in (await host.get(f"/api/views{query}", role=role)).json()]


async def test_a_preference_is_its_owner_s_alone_and_outlives_a_restart(host: Host) -> None:
    value = {"columns": ["pc_id", "online"], "width": 1.5, "none": None}
    assert (
        await host.put("/api/preferences/agents.columns", json={"value": value}, role="viewer")
    ).status == 204
    await host.put("/api/preferences/agents.columns", json={"value": ["pc_id"]}, role="admin")
    await host.restart()
    assert (await host.get("/api/preferences", role="viewer")).json() == {"agents.columns": value}
    assert (await host.get("/api/preferences", role="admin")).json() == {"agents.columns": ["pc_id"]}
    assert (await host.get("/api/preferences", role="operator")).json() == {}


async def test_a_preference_is_replaced_and_forgotten(host: Host) -> None:
    for theme in ("dark", "light"):
        await host.put("/api/preferences/theme", json={"value": theme})
    assert (await host.get("/api/preferences")).json() == {"theme": "light"}
    for _ in range(2):
        assert (await host.delete("/api/preferences/theme")).status == 204
    assert (await host.get("/api/preferences")).json() == {}


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("Theme", 1, "a key is of a-z"),
        ("k" * 101, 1, "a key is of a-z"),
        ("%C3%A9", 1, "a key is of a-z"),
        ("big", "x" * 16_384, "a preference may be 16384 bytes at most, this one is 16386"),
        ("deep", nested(17), "a preference may be 16 levels deep at most"),
    ],
    ids=["capitals", "long key", "other letters", "size", "depth"],
)
async def test_bounds_of_a_preference(host: Host, key: str, value: Any, text: str) -> None:
    answer = await host.put(f"/api/preferences/{key}", json={"value": value})
    assert answer.status == 400
    assert answer.text.startswith(text)
    assert (await host.get("/api/preferences")).json() == {}


async def test_the_greatest_preferences_are_taken(host: Host) -> None:
    for key, value in (("big", "x" * 16_382), ("deep", nested(16))):
        assert (await host.put(f"/api/preferences/{key}", json={"value": value})).status == 204


async def test_two_hundred_preferences_are_enough_but_each_may_still_change(host: Host) -> None:
    for number in range(200):
        await host.put(f"/api/preferences/k{number}", json={"value": number})
    more = await host.put("/api/preferences/more", json={"value": 1})
    assert (more.status, more.text) == (409, "200 preferences are the most for one user: delete some")
    assert (await host.put("/api/preferences/k7", json={"value": "new"})).status == 204
    assert (await host.put("/api/preferences/more", json={"value": 1}, role="viewer")).status == 204


async def test_a_view_is_seen_by_others_once_it_is_shared(host: Host) -> None:
    view = await saved(host)
    assert (view["mine"], view["owner"], view["shared"]) == (True, "kit-viewer", False)
    assert (await names(host, "viewer"), await names(host, "admin")) == (["Old ones"], [])
    path = f"/api/views/{view['view_id']}"
    assert (await host.patch(path, json={"shared": True}, role="admin")).status == 404
    assert (await host.patch(path, json={"shared": True}, role="viewer")).status == 204
    [seen] = (await host.get("/api/views?page=/agents", role="admin")).json()
    assert (seen["mine"], seen["owner"], seen["state"]) == (False, "kit-viewer", "version=1.0")
    assert await names(host, "admin", "?page=/activity") == []


async def test_a_shared_view_is_changed_by_its_owner_and_deleted_by_administrators_too(host: Host) -> None:
    view = await saved(host, "operator", shared=True)
    path = f"/api/views/{view['view_id']}"
    for role in ("viewer", "admin"):
        answer = await host.patch(path, json={"name": "Mine"}, role=role)
        assert (answer.status, answer.text) == (
            403,
            "this view is kit-operator's: save one of your own from it",
        )
    assert (await host.delete(path, role="viewer")).status == 403
    assert (await host.patch(path, json={"name": "New", "state": "?os=linux"}, role="operator")).status == 204
    [seen] = (await host.get("/api/views", role="viewer")).json()
    assert (seen["name"], seen["state"]) == ("New", "os=linux")
    assert (await host.delete(path, role="admin")).status == 204
    assert (await host.delete(path, role="admin")).status == 404


async def test_one_name_for_each_owner_and_page(host: Host) -> None:
    first = await saved(host)
    await saved(host, page="/activity")
    await saved(host, "admin")
    body = {"page": "/agents", "name": " Old ones ", "state": ""}
    answer = await host.post("/api/views", json=body, role="viewer")
    assert (answer.status, answer.text) == (409, "you have a view of that name for this page")
    await saved(host, name="Others")
    path = f"/api/views/{first['view_id']}"
    assert (await host.patch(path, json={"name": "Others"}, role="viewer")).status == 409


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"name": " "}, "name required"),
        ({"name": "x" * 101}, "name must be printable, 100 characters at most"),
        ({"page": "agents"}, "page must be a path, 200 characters at most"),
        ({"page": "/" + "x" * 200}, "page must be a path, 200 characters at most"),
        ({"state": "x" * 8_001}, "state must be a query string, 8000 characters at most"),
        ({"state": "a\nb"}, "state must be a query string, 8000 characters at most"),
    ],
)
async def test_bounds_of_a_view(host: Host, fields: dict[str, str], text: str) -> None:
    body = {"page": "/agents", "name": "x", "state": "", **fields}
    answer = await host.post("/api/views", json=body, role="viewer")
    assert (answer.status, answer.text) == (400, text)


async def test_views_leave_a_trace(host: Host) -> None:
    view = await saved(host)
    path = f"/api/views/{view['view_id']}"
    await host.patch(path, json={"name": "Newer"}, role="viewer")
    await host.delete(path, role="viewer")
    await host.settle()
    records = (await host.get("/api/audit?action=view")).json()
    trail = [(one["action"], one["target"]) for one in reversed(records)]
    assert trail == [("view.create", "Old ones"), ("view.update", "Newer"), ("view.delete", "Newer")]


async def test_nobody_has_no_preferences(host: Host) -> None:
    assert (await host.get("/api/preferences", role=None)).status == 401
