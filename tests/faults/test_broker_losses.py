"""What a broker can do to a host: be frozen, be reset, lose its consumers, be copied from elsewhere."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import counting
import pytest

from kanade_host.bus.connection import Connection

FILE = Path(counting.__file__)
LONG = os.environ.get("KANADE_TEST_LONG") == "1"
OUTAGE_SECONDS = 60.0 if LONG else 3.0
pytestmark = [pytest.mark.kanade(files=[FILE]), pytest.mark.timeout(240 if LONG else 120)]

# What `kanade jetstream reset --yes` deletes (wire.md 3.2); it makes them again at once.
RESET = [
    *("INVENTORY", "RESULTS", "EXEC", "EVENTS", "AUDIT"),
    *("KV_script_current", "KV_script_status", "KV_agents_state", "KV_agent_config", "KV_agent_groups"),
    *("KV_schedules", "KV_jobs", "OBJ_agent_releases"),
]


async def publish(host: Any, *ids: str) -> None:
    for one in ids:
        await host.publish("obs.pc-1", {"id": one})


async def counted(host: Any) -> dict[str, int]:
    return {row["id"]: row["times"] for row in await host.rows("SELECT id, times FROM counted")}


async def noticed(host: Any) -> None:
    """The host has found out that its broker is away, and answers all the same."""

    async def away() -> bool:
        return not host.running.app.broker.bus.connected

    await host.until(away, seconds=60, what="the host to notice that its broker is away")
    assert (await host.get("/api/counting")).status == 200


async def test_a_broker_that_is_frozen_for_a_minute(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds its connections and says nothing: only unanswered pings tell. The short form pings often."""
    if not LONG:
        await host.stop()
        assert Connection.__init__.__kwdefaults__ is not None
        monkeypatch.setitem(Connection.__init__.__kwdefaults__, "ping", 0.5)
        await host.start()
    await publish(host, "before")
    await host.settle()
    host.broker.freeze()
    began = time.monotonic()
    try:
        await noticed(host)
        await asyncio.sleep(max(0.0, OUTAGE_SECONDS - (time.monotonic() - began)))
        assert (await host.get("/api/counting")).json() == 1
    finally:
        host.broker.thaw()
    await publish(host, "after")
    await host.settle()
    assert await counted(host) == {"before": 1, "after": 1}


async def test_a_broker_that_comes_back_after_a_minute(host: Any) -> None:
    """What was promised meanwhile goes out once when it is back."""
    await publish(host, "before")
    await host.settle()
    await host.broker.kill()
    began = time.monotonic()
    await noticed(host)
    wanted = {"subject": "audit.counting", "ids": ["one", "two"]}
    assert (await host.post("/api/counting/send", json=wanted)).status == 204
    await asyncio.sleep(max(0.0, OUTAGE_SECONDS - (time.monotonic() - began)))
    assert len(await host.rows("SELECT 1 FROM host_outbox")) == 2
    await host.broker.start()
    await publish(host, "after")
    await host.settle()
    assert await counted(host) == {"before": 1, "after": 1}
    assert [subject for subject, _ in await host.stream_messages("AUDIT")] == ["audit.counting"] * 2


async def test_a_reset_of_everything_is_mended_and_new_messages_count(host: Any) -> None:
    await publish(host, "before")
    await host.settle()
    for name in [*RESET, "OBS_EVENTS", "KV_kanade_host"]:
        await host.broker.api(f"STREAM.DELETE.{name}")
    await host.broker.kill()
    await host.broker.start()

    async def mended() -> bool:
        names = (await host.broker.api("STREAM.NAMES")).get("streams") or []
        return set(names) >= {*RESET, "OBS_EVENTS", "KV_kanade_host"}

    await host.until(mended, what="the streams to be made again")
    await publish(host, "after")
    await host.settle()
    assert await counted(host) == {"before": 1, "after": 1}


async def test_exec_is_set_back_to_32_after_an_upstream_setup(host: Any) -> None:
    config = (await host.broker.api("STREAM.INFO.EXEC"))["config"]
    assert config["max_msgs_per_subject"] == 32
    import json

    await host.broker.api("STREAM.UPDATE.EXEC", json.dumps(config | {"max_msgs_per_subject": 1}).encode())
    await host.broker.kill()
    await host.broker.start()

    async def restored() -> bool:
        info = await host.broker.api("STREAM.INFO.EXEC")
        return bool(info["config"]["max_msgs_per_subject"] == 32)

    await host.until(restored, what="EXEC to keep 32 commands a subject again")


@pytest.mark.parametrize("floor", ["behind", "ahead"])
async def test_a_durable_that_was_moved_changes_nothing(host: Any, floor: str) -> None:
    """The durable is a bookmark; the database is the truth."""
    import json

    await publish(host, *(f"m{n}" for n in range(20)))
    await host.settle()
    await host.stop()
    durable = "backend_obs_events_projector"
    await host.broker.api(f"CONSUMER.DELETE.OBS_EVENTS.{durable}")
    start = {"behind": 1, "ahead": 1_000}[floor]
    config = {
        "durable_name": durable,
        "name": durable,
        "ack_policy": "explicit",
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": start,
        "filter_subject": "obs.>",
    }
    body = json.dumps({"stream_name": "OBS_EVENTS", "config": config}).encode()
    await host.broker.api(f"CONSUMER.CREATE.OBS_EVENTS.{durable}", body)
    await publish(host, "late")
    await host.start()
    await host.settle()
    assert await counted(host) == {**{f"m{n}": 1 for n in range(20)}, "late": 1}


async def test_messages_that_were_stored_while_both_were_down(host: Any) -> None:
    await publish(host, "one")
    await host.settle()
    await host.stop()
    await host.broker.kill()
    await host.broker.start()
    await publish(host, "two")
    await host.start()
    await host.settle()
    assert await counted(host) == {"one": 1, "two": 1}
    await asyncio.sleep(0)
