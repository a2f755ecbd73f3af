"""Two PCs under one id are noticed, and nothing else is taken for that."""

from __future__ import annotations

from typing import Any

import pytest

from kanade_host.plugin import Instant

pytestmark = pytest.mark.kanade(plugins=["heartbeat"])

NOW = Instant.parse("2026-11-23T10:00:00Z")

Beat = tuple[str, str, int | None]
A, B = "DESK-A", "DESK-B"

CASES: dict[str, tuple[list[Beat], str | None]] = {
    "host names in turn": ([(A, "1", None), (B, "1", None)] * 3, "names"),
    "versions in turn": ([(A, "1", None), (A, "2", None)] * 3, "names"),
    "one hears the other only now and then": (
        [(A, "1", None)] * 4 + [(B, "1", None), (A, "1", None)] * 2,
        "names",
    ),
    "counters in turn": (
        [(A, "1", 1000), (A, "1", 50), (A, "1", 1010), (A, "1", 55)] * 1
        + [(A, "1", 1020), (A, "1", 60), (A, "1", 1030)],
        "counters",
    ),
    "renamed once": ([(A, "1", None)] * 3 + [(B, "1", None)] * 5, None),
    "renamed and renamed back": (
        [(A, "1", None), (B, "1", None), (A, "1", None)] + [(A, "1", None)] * 5,
        None,
    ),
    "an update and a way back": ([(A, "1", 9), (A, "2", 1), (A, "1", 2)] + [(A, "1", 20)] * 5, None),
    "an agent that restarts": ([(A, "1", n) for n in (900, 1000, 3, 20, 40, 60, 80, 100, 1200, 5, 10)], None),
    "an agent that crashes all the time": ([(A, "1", n) for n in (5, 6, 3, 4, 2, 3, 1, 2, 1, 1, 1)], None),
    "three returns, far from each other": (
        ([(A, "1", 1000), (A, "1", 50)] + [(A, "1", 1010)] * 60) * 3,
        None,
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_sequence_of_beats(host: Any, name: str) -> None:
    beats, expected = CASES[name]
    host.clock.set(NOW)
    for hostname, version, counter in beats:
        beat = {"pc_id": "pc-1", "at": host.clock.now().wire, "agent_version": version, "hostname": hostname}
        await host.publish("heartbeat.pc-1", beat | {"agent_disk_read_bytes": counter})
        await host.settle()
        host.clock.advance(15)
    found = await host.rows("SELECT reason FROM heartbeat_doubles")
    assert [row[0] for row in found] == ([] if expected is None else [expected])


async def test_the_finding_is_shown_and_ends(host: Any) -> None:
    host.clock.set(NOW)
    for hostname in (A, B, A, B):
        beat = {"pc_id": "pc-1", "at": host.clock.now().wire, "agent_version": "1", "hostname": hostname}
        await host.publish("heartbeat.pc-1", beat)
        await host.settle()
        host.clock.advance(15)
    [agent] = (await host.get("/api/fleet/agents?doubled=true")).json()["items"]
    [warning] = agent["warnings"]
    assert warning["code"] == "doubled"
    assert "from DESK-A (1) and DESK-B (1)" in warning["text"]
    host.clock.advance(3_600)
    answer = (await host.get("/api/fleet/agents")).json()
    assert answer["items"][0]["warnings"] == []


async def test_the_one_whose_clock_is_behind_is_noticed_too(host: Any) -> None:
    """Its beats are older than the stored one, and change nothing else."""
    host.clock.set(NOW)
    for hostname, behind in ((A, 0), (B, 600)) * 3:
        at = host.clock.now() - behind
        beat = {"pc_id": "pc-1", "at": at.wire, "agent_version": "1", "hostname": hostname}
        await host.publish("heartbeat.pc-1", beat)
        await host.settle()
        host.clock.advance(15)
    [row] = await host.rows("SELECT times FROM heartbeat_doubles")
    assert row[0] >= 2
