"""A simulated fleet on a real broker: what agents send, and how they handle commands."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from kanade_host_simulator.fleet import Fleet
from kanade_host_simulator.options import FleetOptions, Odds
from nats.aio.client import Client

from kanade_host.plugin import Instant
from kanade_host.plugin.testing.host import Host

pytestmark = pytest.mark.kanade(plugins=[])
PINNED = "skipped: version-pin mismatch — script_current[j1] = 2.0.0, command brought 1.0.0"
SIZE = {"field": "size", "label": "S"}
QUIET = Odds(failures=0, offline=0)


class Ears:
    """Everything that the fleet says, in order."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []

    def json(self, prefix: str) -> list[dict[str, Any]]:
        return [json.loads(body) for subject, body in list(self.heard) if subject.startswith(prefix)]

    async def until(self, prefix: str, count: int = 1) -> list[dict[str, Any]]:
        return await self.when(lambda: len(self.json(prefix)) >= count, lambda: self.json(prefix))

    async def when(self, check: Callable[[], bool], found: Callable[[], Any]) -> Any:
        for _ in range(3000):
            if check():
                return found()
            await asyncio.sleep(0.01)
        raise AssertionError(f"not heard within 30 s; heard: {[subject for subject, _ in self.heard][-20:]}")


@asynccontextmanager
async def fleet_of(host: Host, **options: Any) -> AsyncIterator[tuple[Fleet, Ears, Client]]:
    """A running fleet, what it says, and a client beside it."""
    nc, ears = await host.broker.client(), Ears()

    async def hear(message: Any) -> None:
        ears.heard.append((message.subject, message.data))

    heard = [
        await nc.subscribe(subject, cb=hear)
        for subject in ("heartbeat.>", "host_perf.>", "process_perf.>", "results.>", "events.>", "obs.>")
    ]
    for _ in range(2):  # nats-py may send the first ping ahead of the subscription
        await nc.flush()
    made = FleetOptions(**({"agents": 2, "prefix": "PC-", "longest_run": 0.05, "odds": QUIET} | options))
    async with Fleet(host.broker.url, token=host.broker.token, options=made) as fleet:
        await fleet.up()
        yield fleet, ears, nc
    for one in heard:
        await one.unsubscribe()


def command(**changes: Any) -> bytes:
    body = {
        "id": "j1", "version": "1.0.0", "request_id": str(uuid.uuid4()), "exec_id": "e1", "shell": "cmd",
        "script": "echo hello", "timeout_secs": 30, "jitter_secs": None, "run_as": "system",
        "staleness": {"mode": "cached"},
    }  # fmt: skip
    return json.dumps(body | changes).encode()


async def test_each_agent_is_heard_at_once(host: Host) -> None:
    async with fleet_of(host, agents=25) as (fleet, ears, _):
        beats = await ears.until("heartbeat.", 25)
        assert {beat["pc_id"] for beat in beats} == set(fleet.agents) == {f"PC-{n:04d}" for n in range(1, 26)}
        assert "agent_cpu_pct" not in beats[0]
        assert beats[0]["os_family"] == "windows"
        samples = await ears.until("host_perf.", 25)
        assert "cpu_pct" not in samples[0]
        assert all(isinstance(one["mem_total_bytes"], int) for one in samples)


async def test_a_command_gives_a_started_event_and_a_result(host: Host) -> None:
    async with fleet_of(host) as (_, ears, nc):
        sent = command()
        await nc.publish("commands.pc.PC-0001", sent)
        [result] = await ears.until("results.")
        [started] = await ears.until("events.started.e1.PC-0001")
        request = json.loads(sent)["request_id"]
        assert (result["pc_id"], result["exit_code"], result["stdout"]) == ("PC-0001", 0, "hello\r\n")
        assert (result["request_id"], result["exec_id"], result["manifest_id"]) == (request, "e1", "j1")
        assert started["result_id"] == result["result_id"]
        assert (started["version"], started["started_at"]) == ("1.0.0", result["started_at"])
        assert result["finished_at"] >= result["started_at"]


async def test_all_reaches_all_and_a_group_its_members(host: Host) -> None:
    groups = await host.kv("agent_groups")
    await groups.put("PC-0002", b'{"groups":["lab"]}')
    async with fleet_of(host, agents=3, replay=0) as (fleet, ears, nc):
        await ears.when(lambda: bool(fleet._groups.values), lambda: None)
        await nc.publish("commands.all", command(script="echo all"))
        assert {one["pc_id"] for one in await ears.until("results.", 3)} == set(fleet.agents)
        await nc.publish("commands.group.lab", command(script="echo lab"))
        assert (await ears.until("results.", 4))[3]["pc_id"] == "PC-0002"


async def test_a_repeated_request_is_run_once(host: Host) -> None:
    async with fleet_of(host) as (fleet, ears, nc):
        sent = command()
        for _ in range(3):
            await nc.publish("commands.pc.PC-0001", sent)
        await nc.publish("commands.pc.PC-0001", command(script="exit 7"))
        results = await ears.until("results.", 2)
        assert sorted(one["exit_code"] for one in results) == [0, 7]
        assert fleet.counts["results"] == 2


@pytest.mark.parametrize(
    "pin, status, changes, code, text",
    [
        ("2.0.0", None, {}, 124, PINNED),
        ("1.0.0", "REVOKED", {}, 126, "skipped: command was revoked (script_status[j1] = revoked)"),
        ("1.0.0", "ACTIVE", {}, 0, ""),
        (None, "REVOKED", {"staleness": {"mode": "unchecked"}}, 126, "skipped: command was revoked"),
        (None, None, {"deadline_at": "2026-01-01T00:00:00Z"}, 125, "skipped: starting deadline expired "),
        (None, None, {"deadline_at": "2999-01-01T00:00:00Z"}, 0, ""),
        (None, None, {"staleness": {"mode": "strict", "max_cache_age": "0s"}}, 0, ""),
    ],
)  # fmt: skip
async def test_the_gate(
    host: Host, pin: str | None, status: str | None, changes: dict[str, Any], code: int, text: str
) -> None:
    for bucket, value in (("script_current", pin), ("script_status", status)):
        if value is not None:
            await (await host.kv(bucket)).put("j1", value.encode())
    async with fleet_of(host) as (_, ears, nc):
        await nc.publish("commands.pc.PC-0001", command(**changes))
        [result] = await ears.until("results.")
        assert result["exit_code"] == code
        assert result["stderr"].startswith(text)
        if code:
            assert result["started_at"] == result["finished_at"]
            assert ears.json("events.") == []


@pytest.mark.parametrize(
    "body",
    [b"", b"nonsense", b"[]", command(shell="bash"), command(timeout_secs=-1), command(timeout_secs=1.5),
     command(staleness={"mode": "strict"}), command(request_id=None)],
)  # fmt: skip
async def test_what_is_no_command_is_dropped(host: Host, body: bytes) -> None:
    async with fleet_of(host) as (fleet, ears, nc):
        await nc.publish("commands.pc.PC-0001", body)
        await nc.publish("commands.pc.PC-0001", command())
        await ears.until("results.")
        assert fleet.counts["dropped"] == 1
        assert fleet.counts["results"] == 1


@pytest.mark.parametrize("name", ["", "a b", "a..b", "*", "x.>"])
async def test_ids_that_make_no_subject_hold_up_nothing(host: Host, name: str) -> None:
    async with fleet_of(host) as (fleet, ears, nc):
        for _ in range(40):
            await nc.publish("commands.pc.PC-0001", command(exec_id=name))
        await nc.publish("commands.pc.PC-0001", command(request_id=name, script="echo never"))
        assert len(await ears.until("results.", 40)) == 40
        assert fleet.counts["lost"] >= 40


async def test_a_kill_ends_what_runs(host: Host) -> None:
    async with fleet_of(host) as (_, ears, nc):
        await nc.publish("commands.all", command(script="sleep 100", timeout_secs=200))
        await ears.until("events.started.", 2)
        await nc.publish("kill.e1", b"")
        for result in await ears.until("results.", 2):
            assert (result["exit_code"], result["stderr"]) == (-1, "killed by remote signal (kill.e1)")


async def test_a_run_that_takes_too_long_is_ended(host: Host) -> None:
    async with fleet_of(host) as (_, ears, nc):
        await nc.publish("commands.pc.PC-0001", command(script="sleep 100", timeout_secs=1))
        [result] = await ears.until("results.")
        assert (result["exit_code"], result["stderr"]) == (-1, "timeout after 1s")


@pytest.mark.parametrize("replay", [0, 2])
async def test_who_was_away_catches_up_with_each_command_once(host: Host, replay: int) -> None:
    async with fleet_of(host, replay=replay) as (fleet, ears, nc):
        agent, js = fleet.agents["PC-0001"], nc.jetstream()

        async def durables() -> bool:
            return len(await js.consumers_info("EXEC")) == replay

        await host.until(durables)
        if not replay:
            fleet._reporting._leave(agent, 1000)
            await ears.when(lambda: agent.away_at is not None, lambda: None)
        else:
            agent.online = False
        for number in range(3):
            await js.publish("commands.pc.PC-0001", command(script=f"echo {number}"))
        await js.publish("commands.pc.PC-0002", command(script="echo other"))
        await ears.until("results.")
        assert {one["pc_id"] for one in ears.json("results.")} == {"PC-0002"}
        fleet._reporting._return(agent)
        results = await ears.until("results.", 4)
        assert sorted(one["stdout"].strip() for one in results) == ["0", "1", "2", "other"]


async def test_a_durable_that_the_backend_narrowed_is_used_as_it_is(host: Host) -> None:
    js = (await host.broker.client()).jetstream()
    from nats.js.api import AckPolicy, ConsumerConfig

    narrowed = ConsumerConfig(
        durable_name="agent_replay_PC-0001",
        ack_policy=AckPolicy.EXPLICIT,
        filter_subjects=["commands.all", "commands.pc.PC-0001"],
    )
    await js.add_consumer("EXEC", narrowed)
    await js.publish("commands.pc.PC-0001", command(script="echo earlier"))
    async with fleet_of(host, agents=1) as (_, ears, _nc):
        [result] = await ears.until("results.")
        assert result["stdout"] == "earlier\r\n"
        assert (await js.consumer_info("EXEC", "agent_replay_PC-0001")).config.filter_subject is None


async def test_configuration_is_live_and_layered(host: Host) -> None:
    async with fleet_of(host) as (fleet, ears, _):
        config = await host.kv("agent_config")
        await config.put("global", b'{"heartbeat_interval":"300ms","host_perf_interval":"300ms"}')
        await ears.until("heartbeat.PC-0002", 4)
        await config.put("pcs.PC-0001", b'{"process_perf_enabled":true,"process_perf_top_n":3}')
        [*_, sample] = await ears.until("process_perf.PC-0001", 1)
        assert len(sample["processes"]) == 3
        shares = [row["cpu_pct"] for row in sample["processes"]]
        assert shares == sorted(shares, reverse=True)
        await config.delete("global")
        await ears.when(lambda: fleet.agents["PC-0001"].heartbeat_every == 30.0, lambda: None)
        assert ears.json("process_perf.PC-0002") == []


async def test_ping_and_logs_are_answered(host: Host) -> None:
    async with fleet_of(host) as (_, _ears, nc):
        pong = json.loads((await nc.request("agents.PC-0001.ping", b"", timeout=30)).data)
        assert set(pong) == {"pc_id", "at", "agent_version", "hostname", "os_family"}
        text = (await nc.request("logs.fetch.PC-0001", b'{"tail_lines":12}', timeout=30)).data.decode()
        assert len(text.splitlines()) == 12
        assert text.endswith("\n")
        assert len((await nc.request("logs.fetch.PC-0002", b"?", timeout=30)).data.splitlines()) == 500


async def test_long_output_goes_into_the_object_store(host: Host) -> None:
    async with fleet_of(host, odds=Odds(failures=0, offline=0, oversized=1.0)) as (_, ears, nc):
        await nc.publish("commands.pc.PC-0001", command())
        [result] = await ears.until("results.")
        assert result["stdout"] == ""
        assert result["stdout_object"] == f"{result['request_id']}/stdout"
        store = await nc.jetstream().object_store("result_output")
        data = (await store.get(result["stdout_object"])).data
        assert len(data) > 262_144
        assert data.startswith(b"hello\r\n")


async def test_inventory_jobs_answer_what_their_manifest_shows(host: Host) -> None:
    manifest = {
        "id": "inv", "version": "1", "execute": {"shell": "cmd", "script": "scan.exe", "timeout": "30s"},
        "inventory": {
            "display": [
                {"field": "hostname", "label": "Name"},
                {"field": "ram_bytes", "label": "RAM", "type": "bytes"},
                {"field": "colour", "label": "Colour"},
                {"field": "disks", "label": "Disks", "type": "table", "columns": [SIZE]},
            ],
            "explode": [
                {"field": "apps", "table": "sw", "primary_key": ["name"],
                 "columns": [{"field": "name"}, {"field": "version"}], "track_history": True},
            ],
        },
    }  # fmt: skip
    await (await host.kv("jobs")).put("inv", json.dumps(manifest).encode())
    async with fleet_of(host) as (fleet, ears, nc):
        await ears.when(lambda: "inv" in fleet._jobs.values, lambda: None)
        await nc.publish("commands.pc.PC-0001", command(id="inv", version="1", script="scan.exe"))
        [result] = await ears.until("results.")
        found = json.loads(result["stdout"])
        assert found["hostname"] == "PC-0001"
        assert found["ram_bytes"] == fleet.agents["PC-0001"].machine.memory
        assert isinstance(found["colour"], str)
        assert isinstance(found["disks"][0]["size"], int)
        names = [row["name"] for row in found["apps"]]
        assert len(names) == len(set(names)) > 3
        assert set(found["apps"][0]) == {"name", "version"}


async def test_emitting_jobs_send_events_instead_of_output(host: Host) -> None:
    async with fleet_of(host) as (_, ears, nc):
        emit = {"type": "events"}
        await nc.publish("commands.pc.PC-0001", command(id="watch", script="Get-Events", emit=emit))
        [result] = await ears.until("results.")
        assert (result["exit_code"], result["stdout"]) == (0, "")
        events = await ears.when(lambda: bool(ears.json("obs.PC-0001")), lambda: ears.json("obs.PC-0001"))
        assert {one["pc_id"] for one in events if one["source"] == "script:watch"} == {"PC-0001"}


async def test_groups_are_given_only_to_those_without(host: Host) -> None:
    groups = await host.kv("agent_groups")
    await groups.put("PC-0001", b'{"groups":["mine"]}')
    async with fleet_of(host, groups=True, agents=3) as (fleet, ears, _):
        await ears.when(lambda: len(fleet._groups.values) == 3, lambda: None)
        assert (await groups.get("PC-0001")).value == b'{"groups":["mine"]}'
        given = json.loads((await groups.get("PC-0002")).value)["groups"]
        assert given == fleet.agents["PC-0002"].machine.groups == sorted(given)


async def test_mishaps_happen_and_nothing_good_is_lost(host: Host) -> None:
    odds = Odds(doubled=0.5, out_of_order=0.5, malformed=0.5, offline=0, failures=0)
    async with fleet_of(host, agents=20, odds=odds, seed=4) as (fleet, ears, nc):
        await nc.publish("commands.all", command())

        def good(prefix: str) -> set[str]:
            found = set()
            for subject, body in ears.heard:
                if subject.startswith(prefix):
                    try:
                        found.add(json.loads(body)["result_id"])
                    except (ValueError, TypeError, KeyError):
                        continue
            return found

        await ears.when(lambda: len(good("results.")) == len(good("events.started.")) == 20, lambda: None)
        assert min(fleet.counts[kind] for kind in ("doubled", "out of order", "malformed")) > 0
    assert good("results.") == good("events.started.")


async def test_a_fleet_survives_a_restart_of_the_broker(host: Host) -> None:
    async with fleet_of(host) as (fleet, ears, _):
        await host.broker.stop()
        await ears.when(lambda: fleet.lost_at is not None, lambda: None)
        await host.broker.start()
        await ears.when(lambda: fleet.lost_at is None, lambda: None)
        nc = await host.broker.client()
        await ears.when(lambda: nc.is_connected, lambda: None)
        await nc.publish("commands.pc.PC-0001", command())
        assert [one["stdout"] for one in await ears.until("results.")] == ["hello\r\n"]


def test_instants_of_a_wrong_clock_are_wrong() -> None:
    fleet = Fleet("nats://127.0.0.1:1", options=FleetOptions(agents=40, odds=Odds(clock_skew=0.5)))
    skews = {agent.skew for agent in fleet.agents.values()}
    assert 0.0 in skews
    assert len(skews) > 3
    skewed = next(agent for agent in fleet.agents.values() if abs(agent.skew) > 80)
    assert abs(skewed.now() - Instant.from_ns(0)) > 0
