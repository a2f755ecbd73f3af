"""What the server reports must equal these tables, which are those of wire.md 3.1, 4 and 5."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from nats.aio.client import Client as NatsClient

from kanade_host.bus.bus import NatsBus
from kanade_host.bus.ensure import ResourceRefused, ensure
from kanade_host.plugin.errors import ApiError
from kanade_host.plugin.resources import Bucket, ObjectStore, Stream

DAY = 86_400 * 10**9
COMMON = {
    "retention": "limits",
    "max_consumers": -1,
    "max_msgs": -1,
    "max_bytes": -1,
    "max_msg_size": -1,
    "storage": "file",
    "num_replicas": 1,
    "duplicate_window": 120 * 10**9,
    "compression": "none",
    "sealed": False,
    "deny_purge": False,
    "allow_msg_ttl": False,
    "mirror_direct": False,
}
STREAM = {"discard": "old", "allow_direct": False, "allow_rollup_hdrs": False, "deny_delete": False}
BUCKET = {
    "discard": "new",
    "allow_direct": True,
    "allow_rollup_hdrs": True,
    "deny_delete": True,
    "max_age": 0,
}
STORE = {
    "discard": "new",
    "allow_direct": True,
    "allow_rollup_hdrs": True,
    "deny_delete": False,
    "max_msgs_per_subject": -1,
}
EXPECTED: dict[str, dict[str, Any]] = {
    "INVENTORY": STREAM | {"subjects": ["inventory.>"], "max_age": 90 * DAY, "max_msgs_per_subject": -1},
    "RESULTS": STREAM | {"subjects": ["results.>"], "max_age": 30 * DAY, "max_msgs_per_subject": -1},
    "EXEC": STREAM | {"subjects": ["commands.>"], "max_age": 7 * DAY, "max_msgs_per_subject": 32},
    "EVENTS": STREAM | {"subjects": ["events.>"], "max_age": 7 * DAY, "max_msgs_per_subject": -1},
    "AUDIT": STREAM | {"subjects": ["audit.>"], "max_age": 0, "max_msgs_per_subject": -1},
    "OBS_EVENTS": STREAM | {"subjects": ["obs.>"], "max_age": 90 * DAY, "max_msgs_per_subject": -1},
    **{
        f"KV_{name}": BUCKET | {"subjects": [f"$KV.{name}.>"], "max_msgs_per_subject": history}
        for name, history in [
            ("script_current", 5),
            ("script_status", 5),
            ("agents_state", 1),
            ("agent_config", 5),
            ("agent_groups", 5),
            ("schedules", 5),
            ("jobs", 5),
            ("jobs_yaml", 5),
            ("schedules_yaml", 5),
        ]
    },
    **{
        f"OBJ_{name}": STORE | {"subjects": [f"$O.{name}.C.>", f"$O.{name}.M.>"], "max_age": age}
        for name, age in [
            ("agent_releases", 0),
            ("app_packages", 0),
            ("scripts", 0),
            ("result_output", 30 * DAY),
        ]
    },
}
FLAGS = {
    "sealed",
    "deny_delete",
    "deny_purge",
    "allow_msg_ttl",
    "mirror_direct",
    "allow_direct",
    "allow_rollup_hdrs",
}


async def reported(bus: NatsBus, name: str) -> dict[str, Any]:
    """The server's settings; a flag that it leaves out is off, and its own notes are no settings."""
    config = (await bus.api(f"STREAM.INFO.{name}"))["config"]
    config.pop("name")
    config.pop("consumer_limits", None)
    notes = config.pop("metadata", {})
    assert all(key.startswith("_nats.") for key in notes)
    for flag in FLAGS:
        config.setdefault(flag, False)
    return dict(config)


async def test_the_server_reports_exactly_the_contract(bus: NatsBus) -> None:
    assert await bus.stream_names() == set(EXPECTED)
    for name, settings in EXPECTED.items():
        found = await reported(bus, name)
        # Flags of later servers may be reported too, but only as off.
        later = {key: value for key, value in found.items() if key not in COMMON | settings}
        assert not any(later.values()), (name, later)
        assert found == COMMON | settings | later, name


async def test_a_second_time_changes_nothing(bus: NatsBus) -> None:
    before = {name: await reported(bus, name) for name in EXPECTED}
    assert await ensure(bus) == []
    assert {name: await reported(bus, name) for name in EXPECTED} == before


async def test_what_was_deleted_comes_back(bus: NatsBus) -> None:
    for name in ("RESULTS", "KV_jobs", "OBJ_scripts"):
        await bus.api(f"STREAM.DELETE.{name}")
    assert set(await ensure(bus)) == {"RESULTS", "KV_jobs", "OBJ_scripts"}
    assert await bus.stream_names() == set(EXPECTED)


async def test_exec_keeps_32_commands_again_after_upstreams_setup(bus: NatsBus) -> None:
    config = (await bus.api("STREAM.INFO.EXEC"))["config"]
    await bus.api("STREAM.UPDATE.EXEC", msgspec.json.encode(config | {"max_msgs_per_subject": 1}))
    await ensure(bus)
    assert (await reported(bus, "EXEC"))["max_msgs_per_subject"] == 32


@pytest.mark.parametrize(
    "name, drift",
    [
        ("RESULTS", {"max_age": 5 * 10**9, "description": "tuned", "subjects": ["results.>", "more"]}),
        ("KV_jobs", {"max_msgs_per_subject": 9, "max_bytes": 10**6}),
        ("OBJ_scripts", {"max_bytes": 10**6, "discard": "old"}),
    ],
)
async def test_drift_is_set_back_and_messages_stay(bus: NatsBus, name: str, drift: dict[str, Any]) -> None:
    if name == "RESULTS":
        await bus.publish("results.kept", b"kept")
    config = (await bus.api(f"STREAM.INFO.{name}"))["config"] | {"duplicate_window": 10**9}
    await bus.api(f"STREAM.UPDATE.{name}", msgspec.json.encode(config | drift))
    await ensure(bus)
    found = await reported(bus, name)
    assert found == found | COMMON | EXPECTED[name]
    assert "description" not in found
    if name == "RESULTS":
        assert (await bus.api("STREAM.INFO.RESULTS"))["state"]["messages"] == 1


async def test_a_bucket_as_nats_py_makes_it_is_refused_and_the_others_are_ensured(
    bus: NatsBus, foreign: NatsClient
) -> None:
    """The trap of pitfalls.md: message TTL cannot be switched off again."""
    for name in ("KV_jobs", "KV_jobs_yaml", "AUDIT"):
        await bus.api(f"STREAM.DELETE.{name}")
    await foreign.jetstream().create_key_value(bucket="jobs", history=5)
    made = await reported(bus, "KV_jobs")
    assert made["allow_msg_ttl"]
    assert not made["allow_direct"]
    with pytest.raises(ResourceRefused) as refused:
        await ensure(bus)
    assert "KV_jobs: message TTL status can not be disabled (code 500, error code 10052)" in str(
        refused.value
    )
    assert "nats stream rm KV_jobs" in str(refused.value)
    assert {"KV_jobs_yaml", "AUDIT"} <= await bus.stream_names()


async def test_a_foreign_stream_that_takes_our_subjects(bus: NatsBus, foreign: NatsClient) -> None:
    await bus.api("STREAM.DELETE.OBS_EVENTS")
    await foreign.jetstream().add_stream(name="mine", subjects=["obs.a"])
    with pytest.raises(
        ResourceRefused, match=r"OBS_EVENTS: subjects overlap .*another stream takes its subjects"
    ):
        await ensure(bus)


async def test_what_plugins_need_beside(bus: NatsBus) -> None:
    extra = [
        Stream("mine", ("mine.>",), max_age=60, per_subject=3),
        Bucket("own", 2),
        ObjectStore("things", 90),
    ]
    assert await ensure(bus, extra) == ["mine", "KV_own", "OBJ_things"]
    mine = await reported(bus, "mine")
    assert (mine["max_age"], mine["max_msgs_per_subject"], mine["duplicate_window"]) == (
        60 * 10**9,
        3,
        60 * 10**9,
    )
    assert (await reported(bus, "KV_own"))["max_msgs_per_subject"] == 2
    assert (await bus.resources())["KV_own"]


async def test_which_resources_there_are(bus: NatsBus) -> None:
    assert await bus.resources() == dict.fromkeys(EXPECTED, True)
    await bus.api("STREAM.DELETE.KV_agents_state")
    assert await bus.resources() == dict.fromkeys(EXPECTED, True) | {"KV_agents_state": False}


async def test_without_a_broker_every_resource_counts_as_missing(bus: NatsBus, broker) -> None:
    await broker.kill()
    assert await bus.resources() == dict.fromkeys(EXPECTED, False)


async def test_the_brokers_own_refusals_carry_its_codes(bus: NatsBus) -> None:
    with pytest.raises(ApiError, match=r"^stream not found \(code 404, error code 10059\)$") as refused:
        await bus.api("STREAM.INFO.NOPE")
    assert (refused.value.code, refused.value.err_code) == (404, 10059)
