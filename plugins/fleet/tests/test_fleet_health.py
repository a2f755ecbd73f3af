"""Fleet health and the presence of the broker's resources (http-jobs.md 12)."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from kanade_host.plugin import Instant, Unavailable

NOW = Instant.parse("2026-11-23T10:00:00Z")
TWELVE = [
    ("streams", ["INVENTORY", "RESULTS", "EXEC", "EVENTS", "AUDIT"]),
    (
        "kv_buckets",
        ["script_current", "script_status", "agents_state", "agent_config", "agent_groups", "schedules"],
    ),
    ("object_stores", ["agent_releases"]),
]
OTHERS = ["OBS_EVENTS", "jobs", "jobs_yaml", "schedules_yaml", "app_packages", "scripts", "result_output"]
alone = pytest.mark.kanade(plugins=["fleet"])
together = pytest.mark.kanade(plugins=["fleet", "heartbeat", "results"])


async def beat(host: Any, pc_id: str, age: float) -> None:
    message = {"pc_id": pc_id, "at": (host.clock.now() - age).wire, "agent_version": "1"}
    await host.publish(f"heartbeat.{pc_id}", message)
    await host.settle()


@alone
async def test_resources_are_listed(host: Any) -> None:
    answer = await host.get("/api/jetstream/status", role="viewer")
    assert answer.status == 200
    body = answer.json()
    for key, names in TWELVE:
        assert body[key] == [{"name": name, "exists": True} for name in names]
    assert body["others"] == [{"name": name, "exists": True} for name in OTHERS]
    assert list(body) == ["streams", "kv_buckets", "object_stores", "others"]


@alone
async def test_without_its_neighbours_the_numbers_are_zero(host: Any) -> None:
    host.clock.set(NOW)
    answer = await host.get("/api/health/fleet", role="viewer")
    assert answer.status == 200
    body = answer.json()
    assert body.pop("others") == [{"name": name, "exists": True} for name in OTHERS]
    assert body["observed_at"].startswith("2026-11-23T10:00:0")
    assert body == {
        "status": "unknown",
        "agents": {"known": 0, "active": 0, "stale": 0},
        "jetstream": {"all_ok": True, "healthy": 12, "total": 12, "missing": []},
        "recent_results": {"window_hours": 24, "total": 0, "failed": 0},
        "observed_at": body["observed_at"],
    }


@together
@pytest.mark.parametrize(
    ("ages", "status", "word", "counts"),
    [
        ([0], 200, "ok", (1, 1, 0)),
        ([119, -600], 200, "ok", (2, 2, 0)),
        ([0, 121], 503, "degraded", (2, 1, 1)),
        ([90_000], 503, "degraded", (1, 0, 1)),
    ],
)
async def test_who_is_silent_degrades_the_fleet(
    host: Any, ages: list[float], status: int, word: str, counts: tuple[int, int, int]
) -> None:
    host.clock.set(NOW)
    for number, age in enumerate(ages):
        await beat(host, f"pc-{number}", age)
    answer = await host.get("/api/health/fleet")
    assert (answer.status, answer.headers["content-type"]) == (status, "application/json")
    body = answer.json()
    assert body["status"] == word
    assert tuple(body["agents"].values()) == counts


@together
async def test_recent_results_are_counted(host: Any) -> None:
    for number, code in enumerate([0, 1, 0]):
        result = {
            "result_id": f"r{number}",
            "request_id": "q",
            "pc_id": "pc",
            "exit_code": code,
            "stdout": "",
            "stderr": "",
            "started_at": NOW.wire,
            "finished_at": NOW.wire,
        }
        await host.publish(f"results.q.pc{number}", result)
    await host.settle()
    body = (await host.get("/api/health/fleet")).json()
    assert body["recent_results"] == {"window_hours": 24, "total": 3, "failed": 1}


@together
async def test_a_missing_resource_degrades_the_fleet(host: Any) -> None:
    await beat(host, "pc-1", 0)
    for stream in ("KV_agents_state", "INVENTORY", "OBJ_scripts"):
        await host.broker.api(f"STREAM.DELETE.{stream}")
    answer = await host.get("/api/health/fleet")
    assert answer.status == 503
    body = answer.json()
    assert body["status"] == "degraded"
    assert body["jetstream"] == {
        "all_ok": False,
        "healthy": 10,
        "total": 12,
        "missing": ["INVENTORY", "agents_state"],
    }
    assert {"name": "scripts", "exists": False} in body["others"]


@together
async def test_a_database_that_cannot_be_asked_degrades_the_fleet(
    host: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> Any:
        raise Unavailable("the database cannot be asked")

    agents = host.running.app.running["fleet"].ctx.service("heartbeat.agents")
    monkeypatch.setattr(type(agents), "counts", broken)
    answer = await host.get("/api/health/fleet")
    assert (answer.status, answer.json()["status"]) == (503, "degraded")
    assert answer.json()["jetstream"]["all_ok"]


@together
async def test_the_broker_is_away(host: Any) -> None:
    await beat(host, "pc-1", 0)
    await host.broker.stop()
    answer = await host.get("/api/health/fleet")
    assert answer.status == 503
    body = answer.json()
    assert (body["status"], body["agents"]["known"]) == ("degraded", 1)
    assert (body["jetstream"]["healthy"], len(body["jetstream"]["missing"])) == (0, 12)
    answer = await host.get("/api/jetstream/status")
    assert answer.status == 200
    assert not any(one["exists"] for key, _ in TWELVE for one in answer.json()[key])


@alone
async def test_many_who_ask_at_once_cost_one_measurement(host: Any) -> None:
    answers = await asyncio.gather(*(host.get("/api/health/fleet") for _ in range(20)))
    assert len({answer.json()["observed_at"] for answer in answers}) <= 2  # a second may pass in between


@alone
@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be stopped and continued there")
async def test_the_broker_is_frozen(host: Any) -> None:
    host.broker.freeze()
    try:
        answer = await asyncio.wait_for(host.get("/api/health/fleet"), 10)
    finally:
        host.broker.thaw()
    assert (answer.status, answer.json()["jetstream"]["healthy"]) == (503, 0)
