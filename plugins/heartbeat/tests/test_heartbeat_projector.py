"""Heartbeats into rows: projections.md 8 and the examples H1 to H5 of 13.3."""

from __future__ import annotations

from typing import Any

import pytest

from kanade_host.plugin import Instant

pytestmark = pytest.mark.kanade(plugins=["heartbeat"])

H1 = {
    "pc_id": "h1",
    "at": "2026-11-23T10:00:00Z",
    "agent_version": "0.43.25",
    "hostname": "HOST",
    "os_family": None,
    "agent_cpu_pct": 1,
    "agent_rss_bytes": 10,
    "agent_disk_read_bytes": 20,
    "agent_disk_written_bytes": 30,
}
PERF = ("agent_cpu_pct", "agent_rss_bytes", "agent_disk_read_bytes", "agent_disk_written_bytes")
LATER = {
    "pc_id": "h1",
    "at": "2026-11-23T11:00:00Z",
    "agent_version": "0.43.26",
    "hostname": "RENAMED",
    "os_family": "windows",
}


async def beat(host: Any, *messages: Any, subject: str = "heartbeat.x") -> None:
    """Publish one after the other: beats of one PC that wait together are one."""
    for message in messages:
        await host.publish(subject, message)
        await host.settle()


async def row(host: Any, pc_id: str = "h1") -> dict[str, Any]:
    found = await host.rows("SELECT * FROM agents WHERE pc_id = ?", (pc_id,))
    assert len(found) == 1
    return dict(found[0])


async def test_a_first_beat(host: Any) -> None:
    await beat(host, H1)
    assert await row(host) == {
        "pc_id": "h1",
        "hostname": "HOST",
        "last_heartbeat": "2026-11-23T10:00:00+00:00",
        "agent_version": "0.43.25",
        "os_family": None,
        "updated_at": host.clock.now().sql,
        "agent_cpu_pct": 1.0,
        "agent_rss_bytes": 10,
        "agent_disk_read_bytes": 20,
        "agent_disk_written_bytes": 30,
    }


async def test_a_newer_beat_replaces_and_renames(host: Any) -> None:
    await beat(host, H1, LATER)
    found = await row(host)
    assert (found["hostname"], found["os_family"], found["agent_version"]) == (
        "RENAMED",
        "windows",
        "0.43.26",
    )
    assert found["last_heartbeat"] == "2026-11-23T11:00:00+00:00"
    assert [found[name] for name in PERF] == [None] * 4


async def test_an_older_beat_only_fills_what_is_unknown(host: Any) -> None:
    await beat(host, H1)
    host.clock.advance(60)
    await beat(host, {**LATER, "at": "2026-11-23T09:00:00Z"})
    found = await row(host)
    assert (found["hostname"], found["os_family"], found["agent_version"]) == ("HOST", "windows", "0.43.25")
    assert found["last_heartbeat"] == "2026-11-23T10:00:00+00:00"
    assert [found[name] for name in PERF] == [1.0, 10, 20, 30]
    assert found["updated_at"] == host.clock.now().sql


async def test_a_beat_without_names_keeps_those_that_are_known(host: Any) -> None:
    await beat(host, LATER, {"pc_id": "h1", "at": "2026-11-23T12:00:00Z", "agent_version": "1"})
    found = await row(host)
    assert (found["hostname"], found["os_family"], found["agent_version"]) == ("RENAMED", "windows", "1")


@pytest.mark.parametrize(("ahead", "wins"), [(119, False), (121, True)])
async def test_a_stored_beat_from_the_future_counts_as_older(host: Any, ahead: int, wins: bool) -> None:
    host.clock.set(Instant.parse("2026-11-23T10:00:00Z"))
    future = (host.clock.now() + ahead).wire
    await beat(host, {**H1, "at": future}, {**LATER, "at": "2026-11-23T10:00:00Z"})
    assert (await row(host))["hostname"] == ("RENAMED" if wins else "HOST")


async def test_the_body_says_which_pc_it_is(host: Any, caplog: pytest.LogCaptureFixture) -> None:
    await beat(host, {**H1, "pc_id": "h2"}, subject="heartbeat.WRONG")
    await beat(host, {**H1, "pc_id": "PC-LAB.x"}, subject="heartbeat.PC-LAB.x")
    told = [one.getMessage() for one in caplog.records if "came under the subject" in one.getMessage()]
    assert told == ["a heartbeat of 'h2' came under the subject 'heartbeat.WRONG'"]
    assert [r[0] for r in await host.rows("SELECT pc_id FROM agents ORDER BY pc_id")] == ["PC-LAB.x", "h2"]


MALFORMED: dict[str, Any] = {
    "no JSON": b"this is not JSON",
    "empty": b"",
    "a BOM": b"\xef\xbb\xbf{}",
    "no version": {"pc_id": "bad", "at": "2026-11-23T10:00:00Z"},
    "no time": {"pc_id": "bad", "agent_version": "1"},
    "a null version": {**H1, "pc_id": "bad", "agent_version": None},
    "a null pc_id": {**H1, "pc_id": None},
    "an empty pc_id": {**H1, "pc_id": "", "agent_rss_bytes": 2**63 - 1},
    "fractional bytes": {**H1, "pc_id": "bad", "agent_rss_bytes": 1.5},
    "bytes as text": {**H1, "pc_id": "bad", "agent_rss_bytes": "1"},
    "bytes beyond 64 bits": {**H1, "pc_id": "bad", "agent_rss_bytes": 2**63},
    "a time without zone": {**H1, "pc_id": "bad", "at": "2026-11-23T10:00:00"},
    "a time as number": {**H1, "pc_id": "bad", "at": 5},
    "a key twice": b'{"pc_id":"bad","pc_id":"bad","at":"2026-11-23T10:00:00Z","agent_version":"1"}',
    "a list": b"[]",
    "cpu overflow": b'{"pc_id":"bad","at":"2026-11-23T10:00:00Z","agent_version":"1","agent_cpu_pct":1e400}',
    "a lone surrogate": b'{"pc_id":"bad","at":"2026-11-23T10:00:00Z","agent_version":"\\ud800"}',
}


async def test_malformed_beats_are_dropped_and_their_neighbours_kept(host: Any) -> None:
    for number, message in enumerate(MALFORMED.values()):
        await host.publish("heartbeat.bad", message)
        await host.publish("heartbeat.good", {**H1, "pc_id": f"good-{number}"})
    await host.settle()
    found = [r[0] for r in await host.rows("SELECT pc_id FROM agents")]
    assert sorted(found) == sorted(f"good-{number}" for number in range(len(MALFORMED)))


async def test_unknown_keys_and_other_forms_of_time_are_accepted(host: Any) -> None:
    await beat(host, {**H1, "at": "2026-11-23 19:00:00.5+0900", "new_key": {"deep": [1]}})
    assert (await row(host))["last_heartbeat"] == "2026-11-23T10:00:00.500+00:00"


async def test_rows_outlive_a_restart(host: Any) -> None:
    await beat(host, H1)
    await host.restart()
    await beat(host, {**LATER, "at": "2026-11-23T09:00:00Z"})
    assert (await row(host))["hostname"] == "HOST"
