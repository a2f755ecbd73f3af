"""`kanade-host simulate` as a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process

import click
import pytest
from click.testing import CliRunner
from kanade_host_simulator.command import options_of, simulate

from kanade_host.plugin.testing.host import Host

START = "from kanade_host_simulator.command import simulate; simulate()"


async def start(*options: str, **environment: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", START, *options, stdout=PIPE, stderr=PIPE, env={**os.environ, **environment}
    )


@pytest.mark.kanade(plugins=[])
async def test_it_says_when_the_fleet_is_up_and_ends_tidily(host: Host) -> None:
    process = await start(
        "--agents", "30", KANADE_NATS_URL=host.broker.url, KANADE_NATS_TOKEN=host.broker.token
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    assert line == f"fleet of 30 agents is up on {host.broker.url}{os.linesep}"
    if os.name == "posix":
        process.send_signal(signal.SIGTERM)
    else:
        process.terminate()
    _, errors = await process.communicate()
    if os.name == "posix":
        assert process.returncode == 0
        assert b"fleet is down; " in errors
    assert host.broker.token.encode() not in line.encode() + errors


@pytest.mark.kanade(plugins=[])
async def test_it_ends_when_the_broker_stays_away(host: Host) -> None:
    process = await start(
        "--agents", "2", "--give-up", "0.5", "--nats", host.broker.url, KANADE_NATS_TOKEN=host.broker.token
    )
    assert process.stdout is not None
    await process.stdout.readline()
    await host.broker.kill()
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert b"has been away for" in errors
    await host.broker.start()


async def test_it_says_what_it_cannot_reach() -> None:
    process = await start("--give-up", "0.1", "--nats", "nats://127.0.0.1:9", KANADE_NATS_TOKEN="x")
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert b"cannot reach the broker at nats://127.0.0.1:9" in errors


@pytest.mark.skipif(os.name != "posix", reason="a signal that Python can handle")
async def test_it_ends_at_once_while_it_still_looks_for_the_broker() -> None:
    process = await start("--give-up", "0", "--nats", "nats://127.0.0.1:9", KANADE_NATS_TOKEN="x")
    await asyncio.sleep(1.0)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) in (0, -signal.SIGTERM)


def test_chaos_sets_what_is_not_given() -> None:
    given: dict[str, object] = {
        "agents": 5, "seed": 2, "prefix": "", "rate": 1.0, "groups": False, "replay": 0, "events": 2.0,
        "longest_run": 1.0, "failures": 0.0, "offline": 0.01, "late": None, "doubled": 0.5,
        "out_of_order": None, "malformed": None, "oversized": 0.0, "clock_skew": None,
    }  # fmt: skip
    odds = options_of(0.25, given).odds
    assert (odds.late, odds.doubled, odds.oversized, odds.clock_skew) == (0.25, 0.5, 0.0, 0.25)
    assert (odds.failures, odds.offline) == (0.0, 0.01)


def test_help_teaches() -> None:
    answer = CliRunner().invoke(simulate, ["--help"])
    assert answer.exit_code == 0
    assert "kanade-host simulate --agents 200 --groups" in answer.output
    undocumented = [one.name for one in simulate.params if isinstance(one, click.Option) and not one.help]
    assert undocumented == []


@pytest.mark.parametrize("option", ["--agents=0", "--chaos=2", "--late=-1", "--rate=0", "--seed=x"])
def test_nonsense_is_refused(option: str) -> None:
    assert CliRunner().invoke(simulate, [option]).exit_code == 2
