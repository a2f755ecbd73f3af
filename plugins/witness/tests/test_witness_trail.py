"""What others do on the broker is on record once, whatever else happens (`contract/clients.md` 2.5, 3.3)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from kanade_host_witness import changes
from kanade_host_witness.sources import SOURCES, Source

from kanade_host.plugin.testing import Host

pytestmark = pytest.mark.kanade(
    plugins=["witness", "audit", "fleet", "jobs", "results", "releases"],
    settings={"witness": {"wait_seconds": 0}},
)
Record = tuple[str, str, str | None]


async def trail(host: Host) -> list[Record]:
    """Source, action and target, the oldest first, without what the host says of itself."""
    rows = await host.rows("SELECT action, target, payload FROM audit_log WHERE actor <> 'host' ORDER BY id")
    return [(json.loads(row[2]).get("source"), row[0], row[1]) for row in rows]


async def quiet(host: Host) -> None:
    """Everything was looked at, and nothing waits to be put on record."""
    await host.settle()

    async def recorded() -> bool:
        host.clock.advance(60)
        return not await host.rows("SELECT 1 FROM witness_changes")

    await host.until(recorded)
    await host.settle()


async def put(host: Host, bucket: str, key: str, value: object) -> None:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    await (await host.kv(bucket)).put(key, body)


async def said(host: Host, action: str, target: str) -> None:
    """What the command line says of itself."""
    body = {
        "actor": "operator",
        "action": action,
        "target": target,
        "payload": {"source": "cli", "sub": "eve"},
        "occurred_at": "2026-11-23T10:00:00Z",
    }
    await host.publish(f"audit.operator.{action}.{target}", body)


DIRECT: Sequence[tuple[str, str, object, str, dict[str, Any]]] = [
    ("script_status", "j1", b"REVOKED", "revoke", {}),
    ("script_status", "j1", b"ACTIVE", "unrevoke", {}),
    ("script_status", "j2", b"odd", "script_status_set", {"value": "odd"}),
    ("script_current", "j1", b"1.2", "script_current_set", {"version": "1.2"}),
    (
        "agent_config",
        "global",
        {"heartbeat_interval": "5s"},
        "config_set",
        {"set": {"heartbeat_interval": "5s"}},
    ),
    (
        "agent_config",
        "global",
        {"target_version": "2", "target_version_jitter": "1m"},
        "agent_rollout",
        {"version": "2", "jitter": "1m", "unset": ["heartbeat_interval"]},
    ),
    ("agent_config", "pcs.pc-1", b"no json", "config_set", {"set": {}, "unset": []}),
    ("agent_groups", "pc-1", {"groups": ["a"]}, "groups_set", {"added": ["a"], "removed": []}),
    ("agent_groups", "pc-1", {"groups": ["b"]}, "groups_set", {"added": ["b"], "removed": ["a"]}),
    ("jobs", "j9", {"id": "j9", "version": "3"}, "job_upsert", {"version": "3"}),
    (
        "schedules",
        "s1",
        {"id": "s1", "job_id": "j9", "cron": "0 0 * * * *"},
        "schedule_upsert",
        {"job_id": "j9"},
    ),
]


async def test_each_direct_change_is_on_record_with_what_is_different(host: Host) -> None:
    for bucket, key, value, _, _ in DIRECT:
        await put(host, bucket, key, value)
        await host.settle()
    await quiet(host)
    rows = await host.rows(
        "SELECT action, target, payload FROM audit_log WHERE actor = 'unknown' ORDER BY id"
    )
    assert len(rows) == len(DIRECT)
    for row, (_, key, _, action, payload) in zip(rows, DIRECT, strict=True):
        found = json.loads(row["payload"])
        assert (row["action"], row["target"]) == (action, key)
        assert found.items() >= (payload | {"source": "broker", "outcome": "done"}).items(), found


DELETED = [
    ("script_status", b"REVOKED", "script_status_clear"),
    ("script_current", b"1", "script_current_clear"),
    ("agent_config", b"{}", "config_clear"),
    ("agent_groups", b'{"groups": []}', "groups_clear"),
    ("jobs", b"{}", "job_delete"),
    ("schedules", b"{}", "schedule_delete"),
]


async def test_deletions_too(host: Host) -> None:
    for bucket, value, _ in DELETED:
        kv = await host.kv(bucket)
        await kv.put("k", value)
        await kv.delete("k")
    await quiet(host)
    found = await trail(host)
    for _, _, action in DELETED:
        assert found.count(("broker", action, "k")) == 1, (action, found)


async def test_objects(host: Host) -> None:
    js = (await host.broker.client()).jetstream()
    for store in ("agent_releases", "app_packages", "scripts"):
        objects = await js.object_store(store)
        await objects.put("x/1", b"bytes")
        await objects.delete("x/1")
    await quiet(host)
    assert sorted(action for _, action, _ in await trail(host)) == sorted(
        [
            "agent_publish",
            "agent_release_delete",
            "app_package_publish",
            "app_package_delete",
            "script_object_publish",
            "script_object_delete",
        ]
    )


async def test_a_kill(host: Host) -> None:
    await host.publish("kill.e-1", b"")
    await host.publish("kill.e-1", b"")

    async def both() -> bool:
        return await trail(host) == [("broker", "kill", "e-1")] * 2

    await host.until(both)


async def test_what_the_host_does_is_its_own_record_alone(host: Host) -> None:
    assert (await host.put("/api/pcs/p/config", json={"heartbeat_interval": "9s"})).status == 200
    assert (await host.put("/api/agents/pc-1/groups", json={"groups": ["a"]})).status == 200
    assert (await host.post("/api/scripts/j1/revoke")).status == 204
    assert (await host.post("/api/jobs/e-1/kill")).status < 300
    assert (await host.delete("/api/pcs/p/config")).status < 300
    await quiet(host)
    await put(host, "script_status", "marker", b"REVOKED")
    await quiet(host)
    found = await trail(host)
    assert [record for record in found if record[0] == "broker"] == [("broker", "revoke", "marker")], found


@pytest.mark.kanade(settings={"witness": {"wait_seconds": 30}})
async def test_what_was_said_is_not_recorded_again(host: Host) -> None:
    """Three of five records of the command line arrive; the other two are made, and no sixth."""
    for number in range(5):
        if number == 0:
            await said(host, "revoke", "j0")  # before its deed is seen
        await put(host, "script_status", f"j{number}", b"REVOKED")
        if number in (2, 4):
            await said(host, "revoke", f"j{number}")
    await put(host, "agent_config", "global", {"target_version": "2"})
    await said(host, "agent_rollout", "global")
    await quiet(host)
    found = sorted(await trail(host), key=str)
    assert found == sorted(
        [
            ("cli", "agent_rollout", "global"),
            ("cli", "revoke", "j0"),
            ("broker", "revoke", "j1"),
            ("cli", "revoke", "j2"),
            ("broker", "revoke", "j3"),
            ("cli", "revoke", "j4"),
        ],
        key=str,
    )


async def test_a_record_that_this_host_made_covers_no_deed_of_others(host: Host) -> None:
    assert (await host.post("/api/scripts/j1/revoke")).status == 204
    await host.settle()
    await put(host, "script_status", "j1", b"REVOKED")
    await quiet(host)
    assert [record[1:] for record in await trail(host)] == [("revoke", "j1")] * 2


async def test_what_happens_while_the_host_is_down_is_noticed(host: Host) -> None:
    await put(host, "script_status", "before", b"REVOKED")
    await quiet(host)
    await host.stop()
    nc = await host.broker.client()
    await nc.jetstream().publish("$KV.script_status.silent", b"REVOKED")
    await nc.jetstream().publish("$KV.script_status.said", b"REVOKED")
    await said(host, "revoke", "said")
    await host.start()
    await quiet(host)
    assert sorted(await trail(host), key=str) == [
        ("broker", "revoke", "before"),
        ("broker", "revoke", "silent"),
        ("cli", "revoke", "said"),
    ]
    await host.restart()
    await quiet(host)
    assert len(await trail(host)) == 3


@pytest.mark.kanade(start=False)
async def test_what_was_there_before_the_first_start_is_no_news(host: Host) -> None:
    """An installation of kanade-backend: buckets with history, and no position of ours."""
    await host.start()
    await put(host, "agent_groups", "pc-1", {"groups": ["old"]})
    await quiet(host)
    await host.stop()
    await host.change("DELETE FROM audit_log")
    await host.change("DELETE FROM host_positions WHERE projection LIKE 'witness.%'")
    await host.change("DELETE FROM witness_seen")
    await host.change("DELETE FROM witness_values")
    await host.change("UPDATE witness_since SET at_ns = at_ns + 10000000000")
    await host.start()
    await quiet(host)
    assert await trail(host) == []
    await host.stop()
    await host.change("UPDATE witness_since SET at_ns = at_ns - 20000000000")
    await host.start()
    await put(host, "agent_groups", "pc-1", {"groups": ["new"]})
    await quiet(host)
    [row] = await host.rows("SELECT payload FROM audit_log WHERE action = 'groups_set'")
    assert json.loads(row[0])["removed"] == ["old"]  # what was no news is known all the same


async def test_a_replay_of_everything_is_no_news(host: Host) -> None:
    await put(host, "script_status", "j1", b"REVOKED")
    await quiet(host)
    await host.stop()
    await host.change("DELETE FROM host_positions WHERE projection LIKE 'witness.%'")
    await host.start()
    await quiet(host)
    assert await trail(host) == [("broker", "revoke", "j1")]


async def test_a_bucket_that_was_made_anew(host: Host) -> None:
    await put(host, "script_status", "j1", b"REVOKED")
    await quiet(host)
    await known(host, "KV_script_status")
    await host.stop()
    await host.broker.api("STREAM.DELETE.KV_script_status")
    await host.start()
    await put(host, "script_status", "j2", b"REVOKED")
    await quiet(host)
    assert sorted(await trail(host), key=str) == [
        ("broker", "revoke", "j1"),
        ("broker", "revoke", "j2"),
        ("broker", "stream_delete", "KV_script_status"),
    ]


async def test_records_wait_until_all_that_was_said_is_read(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kanade_host_witness.recording import Recorder

    heard = False

    async def all_heard(_: Recorder) -> bool:
        return heard

    monkeypatch.setattr(Recorder, "_all_heard", all_heard)
    await put(host, "script_status", "j1", b"REVOKED")
    await host.settle()
    host.clock.advance(100)
    assert await host.rows("SELECT 1 FROM witness_changes")
    heard = True
    await quiet(host)
    assert await trail(host) == [("broker", "revoke", "j1")]


async def test_a_deleted_bucket(host: Host) -> None:
    """`kanade jetstream reset` deletes buckets, and the host makes them again: what they held is gone."""
    await quiet(host)
    await known(host, "KV_schedules")
    await host.broker.api("STREAM.DELETE.KV_schedules")
    js = (await host.broker.client()).jetstream()
    await js.add_stream(name="FOREIGN", subjects=["foreign.>"])
    await js.delete_stream("FOREIGN")
    await host.until(lambda: trail(host))
    assert await trail(host) == [("broker", "stream_delete", "KV_schedules")]


async def test_a_bucket_deleted_while_the_host_is_down_and_made_anew(host: Host) -> None:
    await known(host, "KV_schedules")
    await host.stop()
    made = (await host.broker.api("STREAM.INFO.KV_schedules"))["config"]
    await host.broker.api("STREAM.DELETE.KV_schedules")
    await host.broker.api("STREAM.CREATE.KV_schedules", json.dumps(made).encode())
    await host.start()
    await host.until(lambda: trail(host))
    await host.restart()
    await quiet(host)
    assert await trail(host) == [("broker", "stream_delete", "KV_schedules")]


async def known(host: Host, stream: str) -> None:
    """The host has looked at what streams there are."""
    await host.until(lambda: host.rows("SELECT 1 FROM witness_streams WHERE stream = ?", (stream,)))


@pytest.mark.parametrize("value", [b"", b"REVOKED", b"ACTIVE", b"odd", b'{"target_version": "1"}'])
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_records_that_may_belong_to_a_deed_are_kept(source: Source, value: bytes) -> None:
    named = b'{"name": "n", "deleted": true}' if not value else b'{"name": "n"}'
    for one in (value, named):
        change = source.describe("k", one, None)
        assert change is None or change.alike <= changes.ACTIONS


def test_so_are_those_of_deeds_outside_of_buckets() -> None:
    assert changes.kill("e").alike | changes.stream_deleted("s").alike <= changes.ACTIONS
