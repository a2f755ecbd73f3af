# ruff: noqa: E501 - tables read best with one case a line
"""The targets of executions over HTTP: states, filters, pages, equal outputs, those that never answered."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from kanade_host_results.api import Command, Fire
from kanade_host_results.digests import digest
from kanade_host_results.firing import _count_earlier
from kanade_host_results.sweeps import sweep

pytestmark = pytest.mark.kanade(plugins=["results", "heartbeat"])

ENDS: dict[str, dict[str, Any]] = {
    "pc-0": {"exit_code": 0, "stdout": "same"},
    "pc-1": {"exit_code": 0, "stdout": "same"},
    "pc-2": {"exit_code": 0, "stdout": "other"},
    "pc-3": {"exit_code": 7, "stderr": "boom"},
    "pc-4": {"exit_code": 124, "stderr": "skipped: version-pin mismatch — script_current[j] = 2, command brought 1"},
    "pc-5": {"exit_code": 125, "stderr": "skipped: starting deadline expired 3s ago"},
    "pc-6": {"exit_code": 126, "stderr": "skipped: command was revoked"},
    "pc-7": {"exit_code": 127, "stderr": "skipped: staleness policy (mode=strict) exceeded"},
    "pc-8": {"exit_code": -1, "stderr": "timeout after 5s"},
}  # fmt: skip
WAITING = ["pc-8a", "pc-9"]


async def fired(host: Any, exec_id: str, pcs: list[str], *, job: str = "echo") -> None:
    commands = tuple(Command(f"commands.pc.{pc}", b"{}", f"{exec_id}-{pc}", (pc,)) for pc in pcs)
    service = host.running.app.running["results"].ctx.service("results.executions")
    await service.fire(
        Fire(
            exec_id=exec_id,
            job_id=job,
            version="1",
            initiated_by="operator",
            target_count=len(pcs),
            commands=commands,
            expected=tuple(pcs),
            audit={"exec_id": exec_id},
        )
    )


async def ended(host: Any, res: Any, exec_id: str, ends: dict[str, dict[str, Any]]) -> None:
    for pc, end in ends.items():
        result = res(exec_id=exec_id, pc_id=pc, result_id=f"{exec_id}-{pc}", **end)
        await host.publish(f"results.{exec_id}-{pc}", result)
    await host.settle()


@pytest.fixture
async def filled(host: Any, res: Any) -> Any:
    """One execution with a target in each state, one of them heard."""
    await fired(host, "X", [*ENDS, *WAITING])
    await ended(host, res, "X", ENDS)
    await host.publish(
        "heartbeat.pc-9",
        {"pc_id": "pc-9", "at": host.clock.now().wire, "agent_version": "1", "hostname": "H9"},
    )
    await host.settle()
    return host


async def listed(host: Any, query: str) -> dict[str, Any]:
    answer = await host.get(f"/api/executions/X/targets?{query}", role="viewer")
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_each_target_says_how_it_ended(filled: Any) -> None:
    found = await listed(filled, "")
    by_pc = {one["pc_id"]: one for one in found["targets"]}
    assert {pc: (one["state"], one["skip"], one["exit_code"]) for pc, one in by_pc.items()} == {
        "pc-0": ("done", None, 0),
        "pc-1": ("done", None, 0),
        "pc-2": ("done", None, 0),
        "pc-3": ("failed", None, 7),
        "pc-4": ("skipped", "version_pin", 124),
        "pc-5": ("skipped", "deadline", 125),
        "pc-6": ("skipped", "revoked", 126),
        "pc-7": ("skipped", "staleness", 127),
        "pc-8": ("timed_out", None, -1),
        "pc-8a": ("waiting", None, None),
        "pc-9": ("waiting", None, None),
    }
    assert by_pc["pc-5"]["reason"] == "starting deadline expired 3s ago"
    assert (by_pc["pc-9"]["hostname"], by_pc["pc-9"]["online"], by_pc["pc-0"]["online"]) == (
        "H9",
        True,
        False,
    )
    assert by_pc["pc-3"]["finished_at"] == "2026-11-23T10:00:01Z"
    assert (found["expected"], found["total"], found["after"]) == (11, 11, None)
    assert found["states"] == {
        "waiting": 2, "running": 0, "done": 3, "failed": 1, "skipped": 4, "timed_out": 1, "expired": 0,
        "killed": 0, "superseded": 0,
    }  # fmt: skip


@pytest.mark.kanade(plugins=["results", "heartbeat", "fleet"])
async def test_online_is_by_the_pc_s_own_interval_as_in_the_list_of_pcs(host: Any) -> None:
    """One beats each ten minutes, the other each half minute; both were heard a little over ten minutes ago."""
    configuration = {"heartbeat_interval": "10m"}
    assert (await host.put("/api/pcs/pc-slow/config", json=configuration)).status == 200
    for pc_id in ("pc-slow", "pc-fast"):
        beat = {"pc_id": pc_id, "at": host.clock.now().wire, "agent_version": "1"}
        await host.publish(f"heartbeat.{pc_id}", beat)
    await host.settle()
    await fired(host, "X", ["pc-slow", "pc-fast"])
    host.clock.advance(660)

    async def known() -> bool:
        found = (await host.get("/api/agents")).json()
        return {one["pc_id"]: one["online"] for one in found} == {"pc-slow": True, "pc-fast": False}

    await host.until(known, what="the interval")
    found = (await listed(host, ""))["targets"]
    assert {one["pc_id"]: one["online"] for one in found} == {"pc-slow": True, "pc-fast": False}
    assert [one["pc_id"] for one in (await listed(host, "state=offline"))["targets"]] == ["pc-fast"]
    unanswered = (await host.get("/api/targets/unanswered/pcs")).json()
    assert {one["pc_id"]: one["online"] for one in unanswered} == {"pc-slow": True, "pc-fast": False}


FILTERS = {
    "state=failed": ["pc-3"],
    "state=failed,timed_out": ["pc-3", "pc-8"],
    "state=waiting": ["pc-8a", "pc-9"],
    "state=offline": ["pc-8a"],
    "state=offline,failed": ["pc-3", "pc-8a"],
    "pc_id=8": ["pc-8", "pc-8a"],
    "pc_id=8&state=timed_out": ["pc-8"],
    "state=killed": [],
    f"output={digest(0, 'same', '').hex()}": ["pc-0", "pc-1"],
}


async def test_filters_and_their_export(filled: Any) -> None:
    export = "/api/executions/X/targets/export"
    for query, expected in FILTERS.items():
        found = await listed(filled, query)
        assert [one["pc_id"] for one in found["targets"]] == expected, query
        assert found["total"] == len(expected), query
        as_json = await filled.get(f"{export}?format=json&{query}", role="viewer")
        assert json.loads(as_json.body) == found["targets"], query
        as_csv = await filled.get(f"{export}?{query}", role="viewer")
        assert as_csv.headers["content-disposition"] == 'attachment; filename="targets.csv"'
        rows = list(csv.DictReader(io.StringIO(as_csv.body.decode("utf-8-sig"))))
        assert [row["pc_id"] for row in rows] == expected, query


async def test_pages_follow_each_other(filled: Any) -> None:
    seen, after = [], ""
    while after is not None:
        found = await listed(filled, f"limit=4&after={after}")
        assert found["total"] == 11
        seen.append([one["pc_id"] for one in found["targets"]])
        after = found["after"]
    assert [len(part) for part in seen] == [4, 4, 3]
    assert [pc_id for part in seen for pc_id in part] == [*ENDS, *WAITING]


BAD = {
    "/api/executions/X/targets?state=lost": (400, 'state: unknown "lost"'),
    "/api/executions/X/targets?output=zz": (400, "output: expected the 32 hexadecimal digits"),
    "/api/executions/nobody/targets": (404, "no execution has the id 'nobody'"),
    "/api/executions/nobody/outputs": (404, "no execution has the id 'nobody'"),
    "/api/executions/nobody/targets/export": (404, "no execution has the id 'nobody'"),
    "/api/executions/X/targets/export?format=xls": (400, 'unknown format "xls", expected one of csv, json'),
    "/api/targets/unanswered?after=%21": (400, "after: expected what the page before said"),
}


async def test_what_cannot_be_answered_says_why(filled: Any) -> None:
    for path, (status, text) in BAD.items():
        answer = await filled.get(path)
        assert (answer.status, answer.text[: len(text)]) == (status, text), path


async def test_equal_outputs_are_one_group(filled: Any) -> None:
    found = (await filled.get("/api/executions/X/outputs", role="viewer")).json()
    assert (found["groups_total"], found["without"]) == (8, 2)
    first = found["groups"][0]
    assert first == {
        "output": digest(0, "same", "").hex(),
        "exit_code": 0,
        "count": 2,
        "pcs": ["pc-0", "pc-1"],
        "result_id": "X-pc-0",
        "stdout": "same",
        "stderr": "",
    }
    assert [one["pcs"] for one in found["groups"][1:]] == [[f"pc-{n}"] for n in range(2, 9)]
    assert len((await filled.get("/api/executions/X/outputs?limit=3")).json()["groups"]) == 3


@pytest.mark.parametrize("other", [(1, "ab", "c"), (0, "a", "bc"), (0, "abc", ""), (0, "", "abc")], ids=str)
def test_a_digest_tells_code_and_streams_apart(other: tuple[int, str, str]) -> None:
    assert digest(0, "ab", "c") == digest(0, "ab", "c")
    assert digest(0, "ab", "c") != digest(*other)


def test_results_that_came_before_their_execution_are_known_by_their_outputs(file: Any, res: Any) -> None:
    file.results(res(exec_id="X", pc_id="a", stdout="early"))
    file.execution("X", 1)
    file.execute(
        "INSERT INTO execution_plans (exec_id, expected, expires_at, waiting) VALUES ('X', 1, '', 1)"
    )
    file.execute(
        "INSERT INTO execution_targets (exec_id, pc_id, state, changed_at) VALUES ('X', 'a', 'waiting', '')"
    )
    _count_earlier(file, "X")
    row = file.one("SELECT state, exit_code, output FROM execution_targets")
    assert row == {"state": "done", "exit_code": 0, "output": digest(0, "early", "")}


def test_output_that_could_not_be_fetched_equals_no_other(file: Any, res: Any) -> None:
    file.execution("X", 1)
    file.execute(
        "INSERT INTO execution_plans (exec_id, expected, expires_at, waiting) VALUES ('X', 1, '', 1)"
    )
    file.execute(
        "INSERT INTO execution_targets (exec_id, pc_id, state, changed_at) VALUES ('X', 'pc1', 'waiting', '')"
    )
    file.results(res(exec_id="X", stdout_object="q/stdout"))
    assert file.one("SELECT state, output FROM execution_targets") == {"state": "done", "output": None}


# -- over all executions -----------------------------------------------------------------------


@pytest.fixture
async def several(filled: Any, res: Any) -> Any:
    """Three executions, one of them complete."""
    host = filled
    host.clock.advance(60)
    await fired(host, "Y", ["pc-9", "pc-3"], job="other")
    await ended(host, res, "Y", {"pc-3": {}})
    await fired(host, "Z", ["pc-0"])
    await ended(host, res, "Z", {"pc-0": {}})
    return host


UNANSWERED = {
    "": [("Y", "pc-9"), ("X", "pc-8a"), ("X", "pc-9")],
    "job_id=echo": [("X", "pc-8a"), ("X", "pc-9")],
    "pc_id=pc-9": [("Y", "pc-9"), ("X", "pc-9")],
    "state=offline": [("X", "pc-8a")],
    "state=expired": [],
    "since=2100-01-01T00:00:00Z": [],
    "until=2100-01-01T00:00:00Z&job_id=other": [("Y", "pc-9")],
}


async def test_who_never_answered(several: Any) -> None:
    for query, expected in UNANSWERED.items():
        found = (await several.get(f"/api/targets/unanswered?{query}", role="viewer")).json()
        assert [(one["exec_id"], one["pc_id"]) for one in found["targets"]] == expected, query
        assert (found["total"], found["more_than"], found["after"]) == (len(expected), False, None), query
        exported = await several.get(f"/api/targets/unanswered/export?format=json&{query}")
        assert json.loads(exported.body) == found["targets"], query


async def test_pages_of_the_unanswered(several: Any) -> None:
    seen, after = [], ""
    while after is not None:
        found = (await several.get(f"/api/targets/unanswered?limit=1&after={after}")).json()
        seen += [(one["exec_id"], one["pc_id"]) for one in found["targets"]]
        after = found["after"]
    assert seen == UNANSWERED[""]


async def test_the_pcs_that_owe_most(several: Any) -> None:
    found = (await several.get("/api/targets/unanswered/pcs", role="viewer")).json()
    assert [(one["pc_id"], one["executions"], one["hostname"]) for one in found] == [
        ("pc-9", 2, "H9"),
        ("pc-8a", 1, None),
    ]


async def test_a_run_that_was_closed_after_a_day_never_answered(host: Any, evt: Any) -> None:
    await fired(host, "X", ["pc-1"])
    await host.publish(
        "events.started.X.pc-1", evt(exec_id="X", pc_id="pc-1", started_at=host.clock.now().wire)
    )
    await host.settle()
    [row] = (await host.get("/api/targets/unanswered")).json()["targets"]
    assert row["state"] == "running"
    host.clock.advance(86_401)
    await sweep(host.running.app.running["results"].ctx)
    [row] = (await host.get("/api/targets/unanswered")).json()["targets"]
    assert (row["state"], row["reason"]) == ("failed", "no result within 24 h")
