"""`/api/activity`: pages of results and executions that miss and repeat nothing, with any filter."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

pytestmark = pytest.mark.kanade(plugins=["results"])
NUMBER = 25


async def fill(host: Any) -> None:
    """Three rows in each second, so that pages end within one."""
    results = [
        (
            f"r{number:02}",
            f"pc-{number % 4}",
            number % 5,
            f"line {number}",
            f"2026-11-23 10:00:{number // 3:02}",
            "scan" if number % 2 else "clean",
        )
        for number in range(NUMBER)
    ]
    executions = [
        (f"x{number:02}", row[5], "scheduler" if number % 3 else "operator", row[4], "completed")
        for number, row in enumerate(results)
    ]
    with closing(sqlite3.connect(host.database)) as db, db:
        db.executemany(
            "INSERT INTO execution_results (result_id, request_id, pc_id, exit_code, stdout, started_at,"
            " finished_at, recorded_at, job_id) VALUES (?1, 'q', ?2, ?3, ?4, ?5, ?5, ?5, ?6)",
            results,
        )
        db.executemany(
            "INSERT INTO executions"
            " (exec_id, job_id, version, initiated_by, initiated_at, target_count, status)"
            " VALUES (?, ?, '1', ?, ?, 1, ?)",
            executions,
        )


async def walked(host: Any, kind: str, query: str, key: str, limit: int) -> list[str]:
    """The ids of all pages."""
    found: list[str] = []
    after = ""
    for _ in range(NUMBER + 2):
        answer = await host.get(f"/api/activity/{kind}?{query}&limit={limit}&after={after}")
        assert answer.status == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= limit
        found += [row[key] for row in page["items"]]
        if page["after"] is None:
            return found
        after = page["after"]
    raise AssertionError("the pages have no end")


@pytest.mark.parametrize("limit", [1, 4, 25, 1000])
@pytest.mark.parametrize(
    "query",
    ["", "status=failure", "status=success", "pc_id=pc-1", "job_id=scan&stdout=1", "stdout=l.*[02468]$"],
)
async def test_pages_of_results_are_the_whole_list(host: Any, query: str, limit: int) -> None:
    await fill(host)
    whole = [row["result_id"] for row in (await host.get(f"/api/results?limit=1000&{query}")).json()]
    assert whole
    assert await walked(host, "results", query, "result_id", limit) == whole


@pytest.mark.parametrize("limit", [1, 4, 1000])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", lambda n: True),
        ("job_id=scan", lambda n: n % 2 == 1),
        ("q=can", lambda n: n % 2 == 1),
        ("q=x07", lambda n: n == 7),
        ("by=operator", lambda n: n % 3 == 0),
        ("status=pending", lambda n: False),
        ("since=2026-11-23T10:00:05Z", lambda n: n // 3 >= 5),
    ],
)
async def test_pages_of_executions_are_the_whole_list(
    host: Any, query: str, expected: Any, limit: int
) -> None:
    await fill(host)
    wanted = [f"x{number:02}" for number in reversed(range(NUMBER)) if expected(number)]
    assert await walked(host, "executions", query, "exec_id", limit) == wanted


@pytest.mark.parametrize("query", ["", "&status=failure", "&job_id=scan", "&since=2026-11-23T10:00:03Z"])
async def test_of_one_pc_are_no_results_of_others_whose_names_hold_its_own(host: Any, query: str) -> None:
    await fill(host)
    with closing(sqlite3.connect(host.database)) as db, db:
        db.execute("UPDATE execution_results SET pc_id = 'pc-12' WHERE pc_id = 'pc-2'")
    whole = (await host.get(f"/api/results?limit=1000&pc_id=^pc-1${query}")).json()
    assert whole
    found = await walked(host, "results", f"pc=pc-1{query}", "result_id", 3)
    assert found == [row["result_id"] for row in whole]


@pytest.mark.parametrize(
    "query",
    ["", "&status=failure", "&job_id=scan", "&pc=pc-1", "&pc_id=pc-1", "&since=2026-11-23T10:00:03Z"],
)
async def test_of_one_run_are_no_results_of_others_whose_ids_hold_its_own(host: Any, query: str) -> None:
    await fill(host)
    with closing(sqlite3.connect(host.database)) as db, db:
        db.execute("UPDATE execution_results SET exec_id = CASE WHEN rowid % 3 THEN 'a.b' ELSE 'a.b.c' END")
    pattern = query.replace("pc=pc-1", "pc_id=^pc-1$")
    whole = (await host.get(f"/api/results?limit=1000&exec_id=^a[.]b${pattern}")).json()
    assert whole
    found = await walked(host, "results", f"run=a.b{query}", "result_id", 3)
    assert found == [row["result_id"] for row in whole]


async def test_totals(host: Any) -> None:
    await fill(host)
    page = (await host.get("/api/activity/results?status=failure&limit=2")).json()
    assert (page["total"], page["more_than"], page["complete"]) == (20, False, True)
    page = (await host.get("/api/activity/results?stdout=line&limit=2")).json()
    assert page["total"] is None
    page = (await host.get("/api/activity/executions?job_id=scan&limit=2")).json()
    assert (page["total"], page["more_than"]) == (12, False)


async def test_an_export_holds_exactly_what_is_filtered(host: Any) -> None:
    await fill(host)
    answer = await host.get("/api/activity/results/export?format=json&status=failure")
    assert [row["result_id"] for row in answer.json()] == [
        row["result_id"] for row in (await host.get("/api/results?limit=1000&status=failure")).json()
    ]
    answer = await host.get("/api/activity/results/export?format=csv&pc_id=pc-1&job_id=scan")
    assert len(answer.text.splitlines()) == 1 + 6


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("status=odd", 'status: expected "success", "failure" or "running"'),
        ("after=%%%", "after: expected what the page before said"),
        ("after=WzEsMl0=", "after: expected what the page before said"),
        ("after=WyJhIiw5OTk5OTk5OTk5OTk5OTk5OTk5OTldCg==", "after: expected what the page before said"),
        ("stdout=(", "invalid regex"),
    ],
)
async def test_bad_questions_are_refused(host: Any, query: str, text: str) -> None:
    answer = await host.get(f"/api/activity/results?{query.replace('%', '%25')}")
    assert answer.status == 400
    assert answer.text.startswith(text)
