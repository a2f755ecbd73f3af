"""`/api/results` and `/api/executions` (`contract/http-jobs.md` 3, 4): filters, order, refusals."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any
from urllib.parse import quote

import pytest

pytestmark = pytest.mark.kanade(plugins=["results"])


async def fill(host: Any, rows: list[dict[str, Any]]) -> None:
    names = "result_id request_id exec_id pc_id exit_code stdout stderr started_at finished_at recorded_at"
    columns = [*names.split(), "job_id", "version"]
    base = {
        "request_id": "q",
        "pc_id": "pc-1",
        "exit_code": 0,
        "stdout": "",
        "stderr": "",
        "started_at": "2026-11-23T10:00:00+00:00",
        "finished_at": "2026-11-23T10:00:01.500+00:00",
        "recorded_at": "2026-11-23 10:00:00",
    }
    with closing(sqlite3.connect(host.database)) as db, db:
        db.executemany(
            f"INSERT INTO execution_results ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
            [[(base | row).get(column) for column in columns] for row in rows],
        )


async def ids(host: Any, query: str) -> list[str]:
    answer = await host.get(f"/api/results?{query}")
    assert answer.status == 200, answer.text
    return [row["result_id"] for row in answer.json()]


async def test_lists(host: Any) -> None:
    await fill(
        host,
        [
            {"result_id": "first", "recorded_at": "2026-11-23 10:00:00", "job_id": "echo", "stdout": "Hello"},
            {"result_id": "tie", "recorded_at": "2026-11-23 10:00:00", "exit_code": 3, "stderr": "日本語 ✓"},
            {"result_id": "tie2", "recorded_at": "2026-11-23 10:00:00", "pc_id": "PC.10", "exec_id": "x-1"},
            {
                "result_id": "run",
                "recorded_at": "2026-11-23 10:00:05",
                "exit_code": None,
                "finished_at": None,
            },
            {"result_id": "late", "recorded_at": "2026-11-23 09:59:59", "exit_code": -1, "exec_id": "x-2"},
        ],
    )
    table = {
        "": ["run", "first", "tie", "tie2", "late"],
        "limit=2": ["run", "first"],
        "limit=0": [],
        "limit=0&pc_id=.": [],
        "limit=%2B1": ["run"],
        "limit=4294967295": ["run", "first", "tie", "tie2", "late"],
        "status=success": ["first", "tie2"],
        "status=failure": ["tie", "late"],
        "status=running": ["run"],
        "since=2026-11-23T10:00:00Z": ["run", "first", "tie", "tie2"],
        "since=2026-11-23T10:00:00.001Z": ["run"],
        "since=2026-11-23T19:00:00%2B09:00&status=failure": ["tie"],
        "pc_id=pc-1": ["run", "first", "tie", "late"],
        "pc_id=c-1&limit=2": ["run", "first"],
        "pc_id=pc-1&since=2026-11-23T10:00:00Z": ["run", "first", "tie"],
        "pc_id=pc-1&status=failure": ["tie", "late"],
        "pc_id=": ["run", "first", "tie", "tie2", "late"],
        "pc_id=(%3Fi)pc": ["run", "first", "tie", "tie2", "late"],
        "pc_id=PC%5C.": ["tie2"],
        "pc_id=PC.": ["tie2"],
        "job_id=ech": ["first"],
        "job_id=^$": ["run", "tie", "tie2", "late"],
        "exec_id=x-": ["tie2", "late"],
        "exec_id=x-&limit=1": ["tie2"],
        "exec_id=x-&stdout=l": [],
        "stdout=ell": ["first"],
        "stdout=^Hel%2Bo$": ["first"],
        "stdout=hel": [],
        "stderr=" + quote("本語"): ["tie"],
        "stderr=" + quote(r"^\w+ ✓"): ["tie"],
        "unknown=1": ["run", "first", "tie", "tie2", "late"],
    }
    for query, expected in table.items():
        assert await ids(host, query) == expected, query


async def test_nulls_and_timestamps(host: Any) -> None:
    await fill(host, [{"result_id": "run", "exit_code": None, "finished_at": None}])
    await fill(host, [{"result_id": "reaped", "exit_code": -1, "finished_at": "2026-11-23 10:00:00"}])
    assert (await host.get("/api/results/run")).json() == {
        "result_id": "run",
        "request_id": "q",
        "exec_id": None,
        "pc_id": "pc-1",
        "exit_code": None,
        "stdout": "",
        "stderr": "",
        "started_at": "2026-11-23T10:00:00Z",
        "finished_at": None,
        "job_id": None,
        "version": None,
    }
    assert (await host.get("/api/results/reaped")).json()["finished_at"] == "2026-11-23T10:00:00Z"


async def test_an_execution_by_its_whole_id(host: Any) -> None:
    exec_id = "f0d54bec-dbf5-4c1f-a226-b50136b55967"
    await fill(host, [{"result_id": "a", "exec_id": exec_id}, {"result_id": "b", "exec_id": "other"}])
    assert await ids(host, f"exec_id={exec_id}") == ["a"]
    assert await ids(host, f"exec_id={exec_id}&pc_id=nobody") == []


STATUS = "Failed to deserialize query string: status: unknown variant"
REFUSED = [
    ("limit=x", "Failed to deserialize query string: limit: invalid digit found in string"),
    ("limit=-1", "Failed to deserialize query string: limit: invalid digit found in string"),
    ("limit=", "Failed to deserialize query string: limit: cannot parse integer from empty string"),
    ("limit=4294967296", "Failed to deserialize query string: limit: number too large to fit in target type"),
    ("limit=1&limit=2", "Failed to deserialize query string: duplicate field `limit`"),
    (
        "status=ok",
        f"{STATUS} `ok`, expected one of `success`, `failure`, `running`",
    ),
    (
        "status=",
        f"{STATUS} ``, expected one of `success`, `failure`, `running`",
    ),
    ("since=", "Failed to deserialize query string: since: premature end of input"),
    ("since=2026-05-20", "Failed to deserialize query string: since: premature end of input"),
    ("since=x", "Failed to deserialize query string: since: input contains invalid characters"),
]


async def test_refusals(host: Any) -> None:
    for query, text in REFUSED:
        answer = await host.get(f"/api/results?{query}")
        assert (answer.status, answer.text) == (400, text), query
    for source in ["(", "a(?=b)", r"(a)\1", "[z-a]", "x" * 5_000]:
        for name in ("pc_id", "stdout"):
            answer = await host.get(f"/api/results?{name}={quote(source)}")
            assert answer.status == 400, source
            assert answer.text.startswith(f"invalid regex `{source[:80]}"), source
            assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    for path in ("/api/results/nope", "/api/executions/nope"):
        answer = await host.get(path)
        assert (answer.status, answer.body) == (404, b"")
        assert "content-type" not in answer.headers
    assert (await host.get("/api/executions?limit=x")).status == 400
    assert (await host.get("/api/executions/x?targets_limit=-1")).status == 400
    assert (await host.get("/api/results", role=None)).status == 401
    assert (await host.post("/api/results")).status == 405


async def test_nothing_behind_ten_thousand_rows_is_missed(host: Any) -> None:
    await fill(
        host,
        [
            {
                "result_id": "needle",
                "recorded_at": "2026-11-22 10:00:00",
                "stdout": "the needle",
                "pc_id": "old",
            }
        ],
    )
    await fill(
        host,
        [
            {
                "result_id": f"r{number}",
                "recorded_at": f"2026-11-23 10:{number // 1000:02d}:00",
                "stdout": f"hay {number}",
            }
            for number in range(12_000)
        ],
    )
    for query in (
        "stdout=the needle",
        "stdout=the .eedle$",
        "pc_id=old",
        "pc_id=^ol",
        "pc_id=^ol&stdout=needle",
    ):
        assert await ids(host, query.replace(" ", "%20")) == ["needle"], query
    found = await ids(host, "stdout=hay%20\\d*7$&limit=3000")
    wanted = [number for number in range(12_000) if number % 10 == 7]
    wanted.sort(key=lambda number: (-(number // 1000), number))
    assert found == [f"r{number}" for number in wanted]


async def test_executions_newest_first(host: Any) -> None:
    rows = [
        ("a", "echo", "2026-11-23 10:00:00", "pending"),
        ("b", "echo", "2026-11-23 10:00:00", "completed"),
        ("c", "inv", "2026-11-23 10:00:01", "running"),
        ("d", "inv", "2026-11-23 09:00:00", "pending"),
    ]
    with closing(sqlite3.connect(host.database)) as db, db:
        db.executemany(
            "INSERT INTO executions (exec_id, job_id, version, initiated_by, initiated_at, target_count,"
            " status) VALUES (?, ?, '1', 'operator', ?, 2, ?)",
            rows,
        )
    table = {
        "": "cbad",
        "limit=2": "cb",
        "limit=0": "",
        "job_id=echo": "ba",
        "job_id=": "cbad",
        "status=pending": "ad",
        "status=": "cbad",
        "status=nonsense": "",
        "job_id=inv&status=pending": "d",
    }
    for query, expected in table.items():
        answer = (await host.get(f"/api/executions?{query}")).json()
        assert "".join(row["exec_id"] for row in answer) == expected, query
    assert answer[0] == {
        "exec_id": "d",
        "job_id": "inv",
        "version": "1",
        "initiated_by": "operator",
        "initiated_at": "2026-11-23T09:00:00Z",
        "target_count": 2,
        "success_count": 0,
        "failure_count": 0,
        "status": "pending",
        "expected": None,
        "states": None,
        "rerun_of": None,
    }
    await fill(
        host,
        [
            {"result_id": "r1", "exec_id": "a", "exit_code": None, "finished_at": None},
            {"result_id": "r2", "exec_id": "a", "exit_code": 3},
            {"result_id": "r0", "exec_id": "a", "recorded_at": "2026-11-23 10:00:01"},
        ],
    )
    detail = (await host.get("/api/executions/a")).json()
    assert [row["result_id"] for row in detail["results"]] == ["r0", "r1", "r2"]
    assert detail["results"][1] == {
        "result_id": "r1",
        "request_id": "q",
        "pc_id": "pc-1",
        "exit_code": None,
        "started_at": "2026-11-23T10:00:00Z",
        "finished_at": None,
    }
    assert (detail["targets"], detail["targets_after"]) == ([], None)


async def test_answers_follow_commits(host: Any, res: Any) -> None:
    assert await ids(host, "") == []
    for number in range(3):
        await host.publish("results.q", res(result_id=f"r{number}"))
        await host.settle()
        assert len(await ids(host, "")) == number + 1
        assert (await host.get(f"/api/results/r{number}")).status == 200


@pytest.mark.kanade(settings={"results": {"list_output": 300}})
async def test_lists_cut_long_output_and_the_detail_has_all(host: Any) -> None:
    long = "日" * 1_000
    await fill(host, [{"result_id": "long", "stdout": long, "stderr": "short"}])
    [row] = (await host.get("/api/results")).json()
    assert (row["stdout"], row["stderr"]) == (long[:300], "short")
    assert (await host.get("/api/results/long")).json()["stdout"] == long
