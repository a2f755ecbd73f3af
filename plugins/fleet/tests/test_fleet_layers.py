"""Layers side by side, and what a scope was before."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.kanade(plugins=["fleet"])


async def test_each_layer_shows_what_it_sets(host: Any) -> None:
    await host.put("/api/config", json={"heartbeat_interval": "45s"})
    await host.put("/api/agents/pc-1/groups", json={"groups": ["b", "a"]})
    await host.put("/api/groups/b/config", json={"heartbeat_interval": "20s"})
    await host.put("/api/pcs/pc-1/config", json={"process_perf_top_n": 7})
    answer = (await host.get("/api/agents/pc-1/config_layers", role="viewer")).json()
    assert [(one["kind"], one["name"], one["scope"]) for one in answer["layers"]] == [
        ("global", "", {"heartbeat_interval": "45s"}),
        ("group", "a", {}),
        ("group", "b", {"heartbeat_interval": "20s"}),
        ("pc", "pc-1", {"process_perf_top_n": 7}),
    ]
    assert [one["revision"] is None for one in answer["layers"]] == [False, True, False, False]
    effective = (await host.get("/api/agents/pc-1/effective_config")).json()
    assert (answer["effective"], answer["warnings"]) == (effective["effective"], effective["warnings"])
    assert answer["effective"]["heartbeat_interval"] == "20s"
    assert answer["defaults"]["heartbeat_interval"] == "30s"


async def test_a_layer_that_does_not_decode_says_so(host: Any) -> None:
    await (await host.kv("agent_config")).put("pcs.pc-1", b"[]")
    answer = (await host.get("/api/agents/pc-1/config_layers")).json()
    assert answer["layers"][-1]["error"]
    assert answer["effective"] == answer["defaults"]


@pytest.mark.parametrize(
    "path", ["/api/config", "/api/groups/g/config", "/api/pcs/pc-1/config"], ids=["global", "group", "pc"]
)
async def test_an_older_value_can_be_written_back(host: Any, path: str) -> None:
    before: dict[str, Any] = {"heartbeat_interval": "45s", "process_perf_enabled": True}
    await host.put(path, json=before)
    changed = await host.put(path, json={"heartbeat_interval": "10s"})
    found = (await host.get(f"{path}/revisions", role="viewer")).json()["revisions"]
    assert [one["scope"] for one in found] == [{"heartbeat_interval": "10s"}, before]
    assert f'"{found[0]["revision"]}"' == changed.headers["etag"]
    undone = await host.put(path, json=found[1]["scope"], headers={"if-match": changed.headers["etag"]})
    assert undone.status == 200
    assert (await host.get(path)).json() == before


async def test_a_removal_is_a_revision_too(host: Any) -> None:
    await host.put("/api/groups/g/config", json={"heartbeat_interval": "45s"})
    await host.delete("/api/groups/g/config")
    found = (await host.get("/api/groups/g/config/revisions")).json()["revisions"]
    assert [one["scope"] for one in found] == [None, {"heartbeat_interval": "45s"}]


async def test_what_was_never_written_has_no_revisions(host: Any) -> None:
    assert (await host.get("/api/pcs/nobody/config/revisions")).json()["revisions"] == []
    refused = await host.get("/api/pcs/bad%20name/config/revisions")
    assert (refused.status, refused.text.partition(":")[0]) == (400, "read ConfigScope at pcs.bad name")
