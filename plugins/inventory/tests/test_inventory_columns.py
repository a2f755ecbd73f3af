"""Inventory as a filter of the list of PCs: service `inventory.columns`, asked by the heartbeat plugin."""

from __future__ import annotations

from typing import Any

import pytest

from kanade_host.plugin import Instant, encode

pytestmark = pytest.mark.kanade(plugins=["inventory", "heartbeat"])

NOW = Instant.parse("2026-11-23T10:00:00Z")
DISPLAY = [{"field": "ram", "label": "RAM"}]
PCS: dict[str, tuple[int, dict[str, str]]] = {
    "pc1": (8, {"Chrome": "120", "Word": "16"}),
    "pc2": (16, {"Chrome": "99"}),
    "pc3": (8, {}),
}


@pytest.fixture
async def filled(host: Any, manifest: Any, result: Any) -> Any:
    jobs = await host.kv("jobs")
    for body in (manifest({"display": DISPLAY}, id="inv.hw"), manifest()):
        await jobs.put(body["id"], encode(body))
    for pc, (ram, apps) in PCS.items():
        await host.publish("heartbeat.x", {"pc_id": pc, "at": NOW.wire, "agent_version": "1"})
        one = result({"ram": ram}, pc_id=pc, result_id=f"hw-{pc}", manifest_id="inv.hw")
        await host.publish("results.q", one)
        rows = [{"name": name, "source": "x", "version": version} for name, version in apps.items()]
        await host.publish("results.q", result({"apps": rows}, pc_id=pc, result_id=f"sw-{pc}"))
    await host.settle()
    return host


FILTERS = {
    "inventory.inv-sw.inv_apps.name=Chrome": ["pc1", "pc2"],
    "inventory.inv-sw.apps.name=Chrome": ["pc1", "pc2"],
    "inventory.inv-sw.apps.name=chrome": [],
    "inventory.inv-sw.apps.name__contains=ROM": ["pc1", "pc2"],
    "inventory.inv-sw.apps.name=Chrome&inventory.inv-sw.apps.name=Word": ["pc1"],
    "inventory.inv-sw.apps.name__some=": ["pc1", "pc2"],
    "inventory.inv.hw.facts.ram=8": ["pc1", "pc3"],
    "inventory.inv.hw.facts.ram__gt=9": ["pc2"],
    "inventory.inv.hw.facts.ram=8&inventory.inv-sw.apps.name=Word": ["pc1"],
}


async def test_each_filter(filled: Any) -> None:
    for query, expected in FILTERS.items():
        answer = await filled.get("/api/fleet/agents?" + query)
        assert answer.status == 200, f"{query}: {answer.text}"
        assert [one["pc_id"] for one in answer.json()["items"]] == expected, query


REFUSED = {
    "inventory.nobody.apps.name=x": 'inventory filter: manifest "nobody" not registered',
    "inventory.inv-sw.nothing.name=x": 'inventory filter: manifest "inv-sw" has no explode field "nothing"',
    "inventory.inv-sw.apps.height=x": 'inventory filter: unknown column: "height"',
    "inventory.no body.apps.name=x": "inventory filter:",
    "inventory.inv-sw.apps.name__exists=true": "filter: ",
}


async def test_what_is_not_there_says_so(filled: Any) -> None:
    for query, text in REFUSED.items():
        answer = await filled.get("/api/fleet/agents?" + query.replace(" ", "%20"))
        assert (answer.status, text in answer.text) == (400, True), f"{query}: {answer.status} {answer.text}"
