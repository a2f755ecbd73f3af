"""How the interface of kanade-backend 0.43.25 behaves (`contract/clients.md` 5.3): its habits work here.

What it reads of each answer is in `tests/support/upstream_interface.py`, asked of a living demo.
"""

from __future__ import annotations

import asyncio
from importlib.metadata import entry_points

import pytest

from kanade_host.plugin.testing import Host

INSTALLED = sorted(found.name for found in entry_points(group="kanade_host.plugins"))
pytestmark = [pytest.mark.timeout(120), pytest.mark.kanade(plugins=INSTALLED)]
JOB = {"id": "j1", "version": "1", "execute": {"shell": "powershell", "script": "x", "timeout": "1m"}}
SCHEDULE = {"id": "s1", "job_id": "j1", "cron": "0 0 0 1 1 *", "enabled": True, "target": {"all": True}}
PCS = [f"pc-{number}" for number in range(12)]


async def test_the_editor_fetches_schemas_without_a_token(host: Host) -> None:
    for name in ("manifest", "schedule"):
        answer = await host.get(f"/api/schemas/{name}.json", role=None)
        assert answer.status == 200
        assert answer.json()["properties"]


async def test_the_button_that_was_broken_enables(host: Host) -> None:
    assert (await host.post("/api/jobs", json=JOB)).status == 200
    assert (await host.post("/api/schedules", json={**SCHEDULE, "enabled": False})).status == 200
    assert (await host.post("/api/schedules/s1/enable", role="operator")).status == 204
    await host.settle()
    [schedule] = (await host.get("/api/schedules")).json()
    assert schedule["enabled"] is True
    missing = await host.post("/api/schedules/s2/enable", role="operator")
    assert (missing.status, missing.text) == (404, "schedule 's2' not found")


async def test_all_members_are_removed_at_the_same_time(host: Host) -> None:
    """One DELETE for each member, none waiting for another; and each PC's other groups stay."""
    for pc_id in PCS:
        body = {"groups": ["gone", "kept"]}
        assert (await host.put(f"/api/agents/{pc_id}/groups", json=body)).status == 200
    answers = await asyncio.gather(*(host.delete(f"/api/agents/{pc_id}/groups/gone") for pc_id in PCS))
    assert {answer.status for answer in answers} == {200}
    answers = await asyncio.gather(
        *(host.post("/api/agents/pc-0/groups", json={"group": f"g{number}"}) for number in range(6))
    )
    assert {answer.status for answer in answers} == {200}
    for pc_id in PCS[1:]:
        assert (await host.get(f"/api/agents/{pc_id}/groups")).json()["groups"] == ["kept"]
    found = (await host.get("/api/agents/pc-0/groups")).json()["groups"]
    assert sorted(found) == ["g0", "g1", "g2", "g3", "g4", "g5", "kept"]


async def test_a_whole_scope_is_written_back_with_two_keys_more(host: Host) -> None:
    """Process details are switched on by what was read before, or by nothing where that is not here yet."""
    before = {"heartbeat_interval": "45s"}
    assert (await host.put("/api/pcs/pc-1/config", json=before)).status == 200
    read = (await host.get("/api/pcs/pc-1/config")).json()
    until = {"process_perf_enabled": True, "process_perf_expires_at": "2126-11-28T10:00:00Z"}
    assert (await host.put("/api/pcs/pc-1/config", json={**read, **until})).status == 200
    assert (await host.get("/api/pcs/pc-1/config")).json() == {**before, **until}
    assert (await host.get("/api/pcs/pc-2/config")).json() == {}
    assert (await host.put("/api/pcs/pc-2/config", json=until)).status == 200
    found = (await host.get("/api/agents/pc-2/effective_config")).json()
    assert found["effective"]["process_perf_enabled"] is True
    assert found["warnings"] == []


async def test_half_a_pattern_is_refused_in_words(host: Host) -> None:
    """Filters are sent at each key: what is no pattern yet is a 400 that says so."""
    for path in ("/api/results?limit=50&stdout=%28a", "/api/audit?limit=50&action=%5Ba"):
        answer = await host.get(path)
        assert answer.status == 400
        assert answer.text


async def test_the_list_of_agents_is_whole(host: Host) -> None:
    many = [f"pc-{number:04}" for number in range(1_200)]
    for pc_id in many:
        beat = {"pc_id": pc_id, "at": "2026-11-28T10:00:00Z", "agent_version": "1"}
        await host.publish(f"heartbeat.{pc_id}", beat)

    async def complete() -> bool:
        return len((await host.get("/api/agents")).json()) == len(many)

    await host.until(complete)
    assert len((await host.get("/api/agents?limit=50&q=pc-0")).json()) == 50


async def test_kills_of_what_is_no_job_are_no_fault(host: Host) -> None:
    assert (await host.post("/api/jobs/adhoc-run/kill", role="operator")).status == 204


async def test_a_viewer_who_presses_a_button_is_told_why_not(host: Host) -> None:
    """That interface shows buttons to everybody; the answer's text becomes its message."""
    for path in ("/api/scripts/j1/revoke", "/api/schedules/s1/disable", "/api/agents/rollout"):
        answer = await host.post(path, role="viewer")
        assert answer.status == 403
        assert "operator" in answer.text
