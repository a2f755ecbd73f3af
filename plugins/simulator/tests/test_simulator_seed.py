"""The same seed gives the same fleet, outcomes and mishaps; another seed gives others."""

from __future__ import annotations

import pytest
from kanade_host_simulator.agent import REMEMBERED_REQUESTS, Agent, make_agent
from kanade_host_simulator.layers import effective, groups_of
from kanade_host_simulator.machine import machine
from kanade_host_simulator.messages import Command
from kanade_host_simulator.options import FleetOptions, Odds
from kanade_host_simulator.outcomes import Outcome, outcome_of
from kanade_host_simulator.replay import durable_name

OPTIONS = FleetOptions(odds=Odds(failures=0.3), longest_run=2.0)


def agent(seed: int = 1, number: int = 1) -> Agent:
    return make_agent(OPTIONS, machine(seed, number), number)


def outcomes(script: str, count: int = 30) -> list[Outcome]:
    one = agent()
    command = Command("j", "1", "r", "cmd", script, 30)
    return [outcome_of(OPTIONS, one, command, script, None) for _ in range(count)]


def test_machines_are_the_seed_s() -> None:
    fleet = [machine(1, number) for number in range(1, 400)]
    assert fleet == [machine(1, number) for number in range(1, 400)]
    assert fleet != [machine(2, number) for number in range(1, 400)]
    assert len({one.pc_id for one in fleet}) == len(fleet)
    assert any("canary" in one.groups for one in fleet)


def test_outcomes_are_the_seed_s_and_differ_from_run_to_run() -> None:
    assert outcomes("Update-Everything") == outcomes("Update-Everything")
    codes = [one.exit_code for one in outcomes("Update-Everything")]
    assert 0 in codes
    assert any(codes)
    assert max(one.seconds for one in outcomes("Update-Everything")) <= 2.0


@pytest.mark.parametrize(
    "script, code, stdout",
    [
        ("echo hello", 0, "hello\r\n"),
        ("ECHO  'two words' ", 0, "two words\r\n"),
        ('@echo off\necho a\n\n# remark\nWrite-Output "b"', 0, "a\r\nb\r\n"),
        ("echo before\nexit 3\necho after", 3, "before\r\n"),
        ("exit /b -1", -1, ""),
        ("echo \u3042", 0, "\u3042\r\n"),
    ],
)
def test_simple_scripts_do_what_they_say(script: str, code: int, stdout: str) -> None:
    for one in outcomes(script, 3):
        assert (one.exit_code, one.stdout, one.stderr) == (code, stdout, "")


@pytest.mark.parametrize(
    "script", ["sleep 3", "Start-Sleep -Seconds 3", "timeout /t 3 /nobreak", "sleep 1\nsleep 2"]
)
def test_simple_scripts_take_the_time_they_say(script: str) -> None:
    assert outcomes(script, 1)[0].seconds == 3.0


def test_requests_are_remembered_for_a_while() -> None:
    one = agent()
    assert [one.is_new("a"), one.is_new("a")] == [True, False]
    for number in range(REMEMBERED_REQUESTS):
        one.is_new(str(number))
    assert one.is_new("a")


@pytest.mark.parametrize(
    "pc_id, name",
    [("PC-1", "agent_replay_PC-1"), ("PC.1", "agent_replay_PC_1"), ("a b/ü", "agent_replay_a_b__")],
)
def test_durables_have_the_agent_s_names(pc_id: str, name: str) -> None:
    assert durable_name(pc_id) == name


def test_layers_win_in_their_order() -> None:
    stored = {
        "global": b'{"heartbeat_interval":"10s","host_perf_interval":"10s","unknown":1}',
        "groups.a": b'{"heartbeat_interval":"20s","process_perf_top_n":0}',
        "groups.b": b'{"heartbeat_interval":"30s"}',
        "groups.c": b"unreadable",
        "pcs.PC": b'{"host_perf_interval":null,"process_perf_enabled":true}',
    }
    found = effective(stored, "PC", groups_of({"PC": b'{"groups":["c","b","a","a"]}'}, "PC"))
    assert (found.heartbeat, found.sample, found.processes, found.top) == (30.0, 10.0, True, 1)
    assert effective({"global": b'{"heartbeat_interval":"soon"}'}, "PC", []).heartbeat == 30.0
    assert groups_of({"PC": b'["a"]'}, "PC") == []
