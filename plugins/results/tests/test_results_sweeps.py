"""The worked examples C1 to C4 of `contract/projections.md` 13.4, targets that expire, retention."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from kanade_host_results.api import Command, Fire
from kanade_host_results.sweeps import NOTE, sweep

from kanade_host.plugin import Instant

pytestmark = pytest.mark.kanade(plugins=["results"])
NOW = Instant.parse("2026-11-23T15:16:00Z")
HOUR = 3600


@pytest.fixture(autouse=True)
def by_hand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host's own sweep, at its start, would come in between."""

    async def nothing(ctx: Any) -> int:
        return 0

    monkeypatch.setattr("kanade_host_results.plugin.sweep", nothing)


def ctx(host: Any) -> Any:
    return host.running.app.running["results"].ctx


async def fill(host: Any, sql: str, rows: list[tuple[Any, ...]]) -> None:
    """Rows as another program would have left them."""
    with closing(sqlite3.connect(host.database)) as db, db:
        db.executemany(sql, rows)


async def in_flight(host: Any, hours: dict[str, float], stderr: str = "") -> None:
    await fill(
        host,
        "INSERT INTO execution_results (result_id, request_id, pc_id, exec_id, started_at, stderr,"
        " recorded_at) VALUES (?, 'q', 'pc1', 'X', ?, ?, ?)",
        [(name, (NOW - age * HOUR).stored, stderr, NOW.sql) for name, age in hours.items()],
    )


async def test_c1_c2_c3_runs_that_nobody_ends(host: Any, res: Any) -> None:
    host.clock.set(NOW)
    await in_flight(host, {"1": 1, "23": 23})
    await in_flight(host, {"25": 25, "40": 40}, stderr="part")
    await in_flight(host, {"47.9": 47.9})
    assert await sweep(ctx(host)) == 3
    rows = {row["result_id"]: dict(row) for row in await host.rows("SELECT * FROM execution_results")}
    assert {name for name, row in rows.items() if row["finished_at"] is None} == {"1", "23"}
    closed = rows["40"]
    assert closed["stderr"] == f"part\n{NOTE}"
    assert (closed["exit_code"], closed["reaped"]) == (-1, 1)
    assert closed["finished_at"].startswith("2026-11-23T15:16:")
    assert closed["finished_at"].endswith("+00:00")
    assert rows["47.9"]["stderr"] == NOTE
    assert await sweep(ctx(host)) == 0
    failed = (await host.get("/api/results?status=failure")).json()
    assert {row["result_id"] for row in failed} == {"25", "40", "47.9"}
    await host.publish("results.q", res(result_id="40", stdout="late"))
    await host.settle()
    row = (await host.rows("SELECT * FROM execution_results WHERE result_id = '40'"))[0]
    assert (row["exit_code"], row["stdout"], row["stderr"], row["reaped"]) == (0, "late", "", 0)


async def test_an_agent_whose_clock_is_ahead_is_reaped_too(host: Any) -> None:
    host.clock.set(NOW)
    await fill(
        host,
        "INSERT INTO execution_results (result_id, request_id, pc_id, started_at, recorded_at)"
        " VALUES (?, 'q', 'pc1', '2036-01-01T00:00:00+00:00', ?)",
        [("old", (NOW - 25 * HOUR).sql), ("new", (NOW - 23 * HOUR).sql)],
    )
    assert await sweep(ctx(host)) == 1


async def test_c4_executions_that_nothing_comes_for(host: Any) -> None:
    host.clock.set(NOW)
    ages = [
        ("a", "pending", 0.9, "pending"),
        ("b", "pending", 1.1, "expired"),
        ("c", "pending", 1.0, "pending"),
        ("d", "running", 200, "running"),
        ("e", "completed", 200, "completed"),
        ("f", "expired", 200, "expired"),
    ]
    await fill(
        host,
        "INSERT INTO executions (exec_id, job_id, version, initiated_by, initiated_at, target_count, status)"
        " VALUES (?, 'j', '1', 'operator', ?, 1, ?)",
        [(name, (NOW - age * HOUR).sql, status) for name, status, age, _ in ages],
    )
    assert await sweep(ctx(host)) == 1
    rows = await host.rows("SELECT exec_id, status FROM executions ORDER BY exec_id")
    assert [tuple(row) for row in rows] == [(name, after) for name, _, _, after in ages]


def fire_of(exec_id: str, pcs: list[str], deadline_at: Instant | None = None) -> Fire:
    return Fire(
        exec_id=exec_id,
        job_id="j",
        version="1",
        initiated_by="operator",
        target_count=len(pcs),
        commands=tuple(Command(f"commands.pc.{pc}", b"{}", f"{exec_id}-{pc}", (pc,)) for pc in pcs),
        expected=tuple(pcs),
        deadline_at=deadline_at,
        audit={},
    )


async def states(host: Any, exec_id: str) -> tuple[str, dict[str, str]]:
    found = (await host.get(f"/api/executions/{exec_id}")).json()
    return found["execution"]["status"], {one["pc_id"]: one["state"] for one in found["targets"]}


async def test_targets_expire_and_their_commands_go(host: Any, res: Any) -> None:
    service = ctx(host).service("results.executions")
    now = host.clock.now()
    await service.fire(fire_of("deadline", ["a", "b"], now + 60))
    await service.fire(fire_of("week", ["a"]))
    await host.publish("results.q", res(exec_id="deadline", pc_id="a"))
    await host.settle()
    host.clock.advance(600)
    assert await sweep(ctx(host)) == 0
    host.clock.advance(61)
    assert await sweep(ctx(host)) == 1
    assert await states(host, "deadline") == ("completed", {"a": "done", "b": "expired"})
    assert await service.unwanted() == [("commands.pc.b", "deadline-b")]
    host.clock.advance(2 * HOUR)
    assert await sweep(ctx(host)) == 0
    assert await states(host, "week") == ("pending", {"a": "waiting"})  # it may still be delivered
    host.clock.advance(7 * 24 * HOUR)
    assert await sweep(ctx(host)) == 2  # the targets, and a command that the stream has dropped
    assert await states(host, "week") == ("expired", {"a": "expired"})
    await host.publish("results.q", res(exec_id="week", pc_id="a", result_id="late"))
    await host.settle()
    assert await states(host, "week") == ("completed", {"a": "done"})


async def test_a_run_that_nobody_ends_is_a_target_that_failed(host: Any, evt: Any) -> None:
    await ctx(host).service("results.executions").fire(fire_of("X", ["a"]))
    await host.publish("events.started.X.a", evt(exec_id="X", pc_id="a", started_at=host.clock.now().wire))
    await host.settle()
    assert await states(host, "X") == ("pending", {"a": "running"})
    host.clock.advance(25 * HOUR)
    await sweep(ctx(host))
    assert await states(host, "X") == ("completed", {"a": "failed"})
    counters = (await host.rows("SELECT success_count, failure_count FROM executions"))[0]
    assert tuple(counters) == (0, 0)


@pytest.mark.kanade(settings={"results": {"keep_results_days": 40, "keep_executions_days": 40}})
async def test_retention(host: Any) -> None:
    host.clock.set(NOW)
    days = [("old", 41), ("new", 39)]
    await fill(
        host,
        "INSERT INTO execution_results (result_id, request_id, pc_id, exit_code, started_at, finished_at,"
        " recorded_at) VALUES (?, 'q', 'pc1', 0, '2026-01-01T00:00:00+00:00',"
        " '2026-01-01T00:00:00+00:00', ?)",
        [(name, (NOW - age * 24 * HOUR).sql) for name, age in days],
    )
    await fill(
        host,
        "INSERT INTO executions (exec_id, job_id, version, initiated_by, initiated_at, target_count, status)"
        " VALUES (?, 'j', '1', 'operator', ?, 1, 'completed')",
        [(name, (NOW - age * 24 * HOUR).sql) for name, age in days],
    )
    assert await sweep(ctx(host)) == 2
    assert [row[0] for row in await host.rows("SELECT result_id FROM execution_results")] == ["new"]
    assert [row[0] for row in await host.rows("SELECT exec_id FROM executions")] == ["new"]


@pytest.mark.kanade(settings={"results": {"keep_results_days": 1}})
async def test_what_was_deleted_counts_once(host: Any, res: Any, evt: Any) -> None:
    """RESULTS and EVENTS give everything again, and somebody rebuilds: no row, no count comes back."""
    await fill(
        host,
        "INSERT INTO executions (exec_id, job_id, version, initiated_by, target_count)"
        " VALUES (?, 'j', '1', 'operator', 1)",
        [("X",)],
    )
    await host.publish("events.started.X.pc1", evt(exec_id="X"))
    await host.publish("results.q1", res(exec_id="X"))
    await host.settle()
    host.clock.advance(2 * 24 * HOUR)
    await sweep(ctx(host))
    assert await host.rows("SELECT 1 FROM execution_results") == []
    await host.stop()
    await host.change("DELETE FROM host_positions")
    await host.start()
    await host.publish("results.q2", res(result_id="R2", request_id="q2", exec_id="X", exit_code=1))
    await host.settle()

    async def found() -> tuple[list[str], tuple[int, int]]:
        rows = await host.rows("SELECT result_id FROM execution_results")
        counts = await host.rows("SELECT success_count, failure_count FROM executions")
        return [row[0] for row in rows], tuple(counts[0])

    assert await found() == (["R2"], (1, 1))
    assert (await host.post("/api/rebuilds/results", json={"lose": True})).status == 202

    async def rebuilt() -> bool:
        [status] = (await host.get("/api/rebuilds")).json()["rebuilds"]
        return bool(status["state"] == "done")

    await host.until(rebuilt)
    assert await found() == (["R2"], (1, 1))
    host.clock.advance(32 * 24 * HOUR)
    await sweep(ctx(host))
    assert await host.rows("SELECT 1 FROM result_forgotten WHERE result_id = 'R1'") == []
