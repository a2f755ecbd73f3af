"""Decisions and expected PCs: the tables of `contract/scheduler.md` 13.1 and 13.2, each row by its name."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from kanade_host_jobs.api import Target
from kanade_host_scheduler.expected import expected_pcs, groups_in
from kanade_host_scheduler.policy import FirePcs, FireWholeTarget, Policy, Skip, decide

from kanade_host.plugin import Instant, parse_duration

NOW = Instant.parse("2026-03-01T09:00:00Z")
OLD = "2026-01-01T00:00:00Z"


def today(time: str) -> str:
    return f"2026-03-01T{time}Z"


E, P, T = "every_tick", "once_per_pc", "once_per_target"
FIRE, SKIP, DISABLE = "whole", "skip", "disable"
DECISIONS: list[tuple[str, str, str | None, bool, str, dict[str, str], str]] = [
    ("P01", E, None, True, "a b", {"a": today("08:59:00"), "b": today("08:59:00")}, FIRE),
    ("P02", E, None, False, "", {}, FIRE),
    ("P03", P, None, False, "a b c", {}, "a b c"),
    ("P04", P, None, False, "a b c", {"b": "2025-01-01T00:00:00Z"}, "a c"),
    ("P05", P, None, False, "a b", {"a": OLD, "b": OLD}, SKIP),
    ("P06", P, None, True, "a b", {"a": OLD, "b": OLD}, DISABLE),
    ("P07", P, None, True, "", {"a": OLD}, SKIP),
    ("P08", P, "1d", False, "a", {"a": "2026-02-28T09:00:01Z"}, SKIP),
    ("P09", P, "1d", False, "a", {"a": "2026-02-28T09:00:00Z"}, "a"),
    ("P10", P, "1d", True, "a", {"a": "2026-02-28T09:00:01Z"}, SKIP),
    ("P11", P, "1h", False, "a b c", {"a": today("07:59:00"), "b": today("08:30:00")}, "a c"),
    ("P12", P, None, True, "a b", {"a": OLD, "b": OLD, "old": OLD}, DISABLE),
    ("P13", P, None, True, "a b", {"a": OLD, "old": OLD}, "b"),
    ("P14", P, "0s", True, "a", {"a": today("09:00:00")}, "a"),
    ("P15", P, "1h", False, "a", {"a": today("09:05:00")}, SKIP),
    ("P16", P, "1h", False, "a", {"a": today("08:45:00")}, SKIP),
    ("P17", T, None, False, "a b", {}, FIRE),
    ("P18", T, None, False, "a b", {"b": OLD}, SKIP),
    ("P19", T, None, True, "a b", {"b": OLD}, DISABLE),
    ("P20", T, None, True, "a b", {"old": OLD}, FIRE),
    ("P21", T, None, True, "", {"a": OLD}, SKIP),
    ("P22", T, "6h", False, "a b", {"a": today("03:00:00")}, FIRE),
    ("P23", T, "6h", False, "a b", {"a": today("03:00:00"), "b": today("03:00:01")}, SKIP),
    ("P24", T, "6h", True, "a b", {"a": today("08:00:00")}, SKIP),
    ("P25", T, "6h", False, "", {"a": today("01:00:00")}, SKIP),
    ("P26", T, "0s", False, "a", {"a": today("09:00:00")}, FIRE),
    ("P27", T, "6h", False, "a", {"a": today("10:00:00")}, SKIP),
    ("P28", P, "1ms", False, "a", {"a": today("08:59:59.999")}, "a"),
]


@pytest.mark.parametrize(
    "name, mode, cooldown, auto, expected, successes, wanted", DECISIONS, ids=[row[0] for row in DECISIONS]
)
def test_decision(
    name: str,
    mode: Any,
    cooldown: str | None,
    auto: bool,
    expected: str,
    successes: dict[str, str],
    wanted: str,
) -> None:
    del name
    policy = Policy(mode, None if cooldown is None else parse_duration(cooldown), auto)
    found = decide(policy, expected.split(), {pc: Instant.parse(at) for pc, at in successes.items()}, NOW)
    if isinstance(found, FireWholeTarget):
        assert wanted == FIRE
    elif isinstance(found, Skip):
        assert wanted == (DISABLE if found.disable else SKIP)
    else:
        assert isinstance(found, FirePcs)
        assert list(found.pcs) == wanted.split()
    assert found.reason


ALIVE = ["a", "b", "d"]  # c's heartbeat is a millisecond too old, e has no row
G1 = json.dumps({"groups": ["g1"]}).encode()
ROWS = {"a": G1, "c": G1, "e": G1}
EXPECTED: list[tuple[str, dict[str, Any], list[str], dict[str, bytes], list[str]]] = [
    ("T01", {"all": True}, ALIVE, ROWS, ["a", "b", "d"]),
    ("T02", {"pcs": ["e", "c", "e"]}, ALIVE, ROWS, ["c", "e"]),
    ("T03", {"groups": ["g1"]}, ALIVE, ROWS, ["a"]),
    ("T04", {"all": True, "pcs": ["e"]}, ALIVE, ROWS, ["a", "b", "d", "e"]),
    ("T05", {"groups": ["g1"], "pcs": ["b"]}, ALIVE, ROWS, ["a", "b"]),
    ("T06", {"groups": ["g1", "g2"]}, ALIVE, ROWS | {"a": b'["g2"]'}, ["a"]),
    ("T07", {}, ALIVE, ROWS, []),
    ("T08", {"all": True}, [], ROWS, []),
    ("undecodable row", {"groups": ["g1"]}, ALIVE, ROWS | {"b": b"garbage"}, ["a"]),
]


@pytest.mark.parametrize("name, target, alive, rows, wanted", EXPECTED, ids=[row[0] for row in EXPECTED])
def test_expected_pcs(
    name: str, target: dict[str, Any], alive: list[str], rows: dict[str, bytes], wanted: list[str]
) -> None:
    del name
    memberships = {pc_id: groups_in(value) for pc_id, value in rows.items()}
    assert expected_pcs(msgspec.convert(target, Target), alive, memberships) == wanted
