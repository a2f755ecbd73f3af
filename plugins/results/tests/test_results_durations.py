"""How long jobs take: `contract/http-jobs.md` 12.3."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from kanade_host_results.durations import DURATIONS

from kanade_host.plugin import Instant

pytestmark = pytest.mark.kanade(plugins=["results"])


async def run(host: Any, number: int, job: str, ended: Instant, seconds: float) -> None:
    await host.publish(
        f"results.q{number}",
        {
            "result_id": f"r{number}",
            "request_id": f"q{number}",
            "pc_id": "pc-1",
            "exit_code": 0,
            "stdout": "",
            "stderr": "",
            "started_at": (ended - seconds).wire,
            "finished_at": ended.wire,
            "manifest_id": job,
        },
    )


async def test_percentiles_by_nearest_rank_slowest_job_first(host: Any) -> None:
    now = host.clock.now()
    for number in range(1, 101):
        await run(host, number, "many", now - 60, number / 100)
    await run(host, 200, "two", now - 60, 1.2)
    await run(host, 201, "two", now - 60, 2.5)
    await run(host, 202, "backwards", now - 60, -5)
    await run(host, 203, "old", now - 90_000, 1)
    await host.settle()
    listed = (await host.get("/api/health/scan_durations", role="viewer")).json()
    assert [row["job_id"] for row in listed] == ["two", "many", "backwards"]
    assert listed[0] == {
        "job_id": "two",
        "count": 2,
        "min_ms": 1200,
        "p50_ms": 1200,
        "p95_ms": 2500,
        "p99_ms": 2500,
        "max_ms": 2500,
        "mean_ms": 1850,
    }
    assert [listed[1][key] for key in ("count", "p50_ms", "p95_ms", "p99_ms", "max_ms")] == [
        100,
        500,
        950,
        990,
        1000,
    ]
    assert listed[2]["max_ms"] == 0
    since = (now - 100_000).wire
    assert len((await host.get(f"/api/health/scan_durations?since={since}")).json()) == 4
    assert (await host.get("/api/health/scan_durations?since=x")).status == 400


async def test_a_row_that_upstream_reaped_counts_by_its_own_form(host: Any) -> None:
    now = host.clock.now()
    await run(host, 1, "job", now - 60, 1)
    await host.settle()
    await host.stop()
    with closing(sqlite3.connect(host.database)) as db, db:
        db.execute("UPDATE execution_results SET finished_at = ?", ((now - 60).sql,))
    await host.start()
    [row] = (await host.get("/api/health/scan_durations")).json()
    assert row["count"] == 1


async def test_it_reads_recent_rows_only(host: Any) -> None:
    with closing(sqlite3.connect(host.database)) as db:
        plan = " ".join(str(row[3]) for row in db.execute("EXPLAIN QUERY PLAN " + DURATIONS, ["x"] * 3))
    assert "execution_results_recorded" in plan
    assert "SCAN execution_results" not in plan
