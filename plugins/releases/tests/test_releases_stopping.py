"""Which scope is meant to have which version, and setting one back: beside the routes of the contract."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from nats.js.errors import KeyNotFoundError

pytestmark = pytest.mark.kanade(plugins=["releases"])

Form = Callable[..., dict[str, Any]]
Agent = Callable[..., bytes]
CANARY = {"type": "group", "value": "canary"}


@pytest.fixture
def roll(host: Any, form: Form, agent: Agent) -> Callable[..., Any]:
    """Publish a version where it is not there yet, and make it a scope's target."""

    async def out(version: str, scope: dict[str, str]) -> None:
        await host.post("/api/agents/publish", **form(("file", agent(version))))
        answer = await host.post("/api/agents/rollout", json={"version": version, "scope": scope})
        assert answer.status == 200, answer.text

    return out


async def stop(host: Any, version: str, scope: dict[str, str]) -> Any:
    body = {"version": version, "scope": scope}
    return await host.post("/api/agents/rollout/stop", role="operator", json=body)


async def stored(host: Any, key: str) -> Any:
    try:
        return json.loads((await (await host.kv("agent_config")).get(key)).value)
    except KeyNotFoundError:
        return None


async def test_scopes_with_a_target_the_newest_first(host: Any, roll: Callable[..., Any]) -> None:
    await roll("1.0", {"type": "global"})
    await roll("2.0", CANARY)
    await roll("2.0", {"type": "pc", "value": "PC-1"})
    bucket = await host.kv("agent_config")
    await bucket.put("groups.other", b'{"heartbeat_interval": "30s"}')
    await bucket.put("groups.broken", b"{")
    answer = (await host.get("/api/releases/targets", role="viewer")).json()
    assert answer["total"] == 3
    assert [(one["scope_label"], one["type"], one["value"], one["version"]) for one in answer["items"]] == [
        ("pc:PC-1", "pc", "PC-1", "2.0"),
        ("group:canary", "group", "canary", "2.0"),
        ("global", "global", None, "1.0"),
    ]
    assert len((await host.get("/api/releases/targets?limit=1")).json()["items"]) == 1


async def test_stop_goes_back_to_the_version_of_before(host: Any, roll: Callable[..., Any]) -> None:
    await roll("1.0", CANARY)
    await roll("2.0", CANARY)
    query = "/api/releases/targets/before?scope=group:canary&version=2.0"
    assert (await host.get(query)).json() == {"version": "1.0"}
    answer = await stop(host, "2.0", CANARY)
    assert answer.json() == {
        "version": "1.0",
        "withdrawn": "2.0",
        "scope_key": "groups.canary",
        "scope_label": "group:canary",
    }
    assert await stored(host, "groups.canary") == {"target_version": "1.0"}


async def test_stop_without_a_version_of_before_leaves_the_rest(host: Any, roll: Callable[..., Any]) -> None:
    await (await host.kv("agent_config")).put("groups.canary", b'{"heartbeat_interval": "30s", "theirs": 1}')
    await roll("2.0", CANARY)
    assert (await stop(host, "2.0", CANARY)).json()["version"] is None
    assert await stored(host, "groups.canary") == {"heartbeat_interval": "30s", "theirs": 1}


async def test_stop_leaves_no_empty_layer(host: Any, roll: Callable[..., Any]) -> None:
    await roll("2.0", CANARY)
    assert (await stop(host, "2.0", CANARY)).json()["version"] is None
    assert await stored(host, "groups.canary") is None


async def test_a_version_that_is_deleted_is_not_gone_back_to(host: Any, roll: Callable[..., Any]) -> None:
    await roll("1.0", CANARY)
    await roll("2.0", CANARY)
    assert (await host.delete("/api/agents/releases/1.0")).status == 204
    assert (await stop(host, "2.0", CANARY)).json()["version"] is None


async def test_what_has_another_target_by_now_is_left(host: Any, roll: Callable[..., Any]) -> None:
    await roll("1.0", CANARY)
    await roll("2.0", CANARY)
    answer = await stop(host, "1.0", CANARY)
    assert (answer.status, answer.text) == (
        409,
        "scope 'group:canary' does not have version '1.0' as its target any more",
    )
    assert await stored(host, "groups.canary") == {"target_version": "2.0"}


@pytest.mark.parametrize("scope", ["", "global:x", "group:", "site:x"])
async def test_before_of_what_is_no_scope(host: Any, scope: str) -> None:
    answer = await host.get(f"/api/releases/targets/before?scope={scope}&version=1")
    assert (answer.status, answer.text) == (400, "scope: `global`, `group:NAME` or `pc:NAME`")


async def test_a_release_can_be_fetched(host: Any, form: Form, agent: Agent) -> None:
    body = agent("1.0 beta/2", b"x" * 200_000)
    await host.post("/api/agents/publish", **form(("file", body)))
    answer = await host.get("/api/agents/releases/1.0%20beta%2F2", role="viewer")
    assert (answer.status, answer.body) == (200, body)
    assert answer.headers["content-disposition"] == 'attachment; filename="1.0_beta_2.exe"'
    missing = await host.get("/api/agents/releases/9")
    assert (missing.status, missing.text) == (404, "version '9' not in Object Store")
