"""The worked examples of `contract/projections.md` 13.1 that need no broker, under their names."""

from __future__ import annotations

from typing import Any

import pytest

SKIPS = ("exec_id", "pc_id", "started_at", "version", "job_id", "recorded_at")


def subset(row: dict[str, Any], **expected: Any) -> None:
    assert {key: row[key] for key in expected} == expected


def test_r1_a_result_becomes_a_row(file: Any, res: Any) -> None:
    file.results(
        res(
            stdout="hi\n",
            manifest_id="adhoc-run",
            started_at="2026-11-23T19:00:00.5+09:00",
            finished_at="2026-11-23T10:00:01.123456Z",
        )
    )
    subset(
        file.row(),
        started_at="2026-11-23T10:00:00.500+00:00",
        finished_at="2026-11-23T10:00:01.123456+00:00",
        job_id="adhoc-run",
        exec_id=None,
        version=None,
        reaped=0,
        recorded_at="2025-11-24 16:00:01",
    )


def test_r2_a_finished_row_stays(file: Any, res: Any) -> None:
    file.execution("X", 5)
    file.results(res(exec_id="X"))
    before = file.row()
    file.results(res(exec_id="X", exit_code=7, stdout="later", request_id="q1b"))
    assert file.row() == before
    assert file.counters("X") == (1, 0, "running")


def test_r3_results_without_an_id(file: Any, res: Any) -> None:
    file.results(
        res(result_id=..., request_id="req-legacy", pc_id="pc-1"),
        res(result_id="", request_id="req-legacy", pc_id="pc-2"),
        res(result_id=..., request_id="req-legacy", pc_id="pc-1", exit_code=5),
    )
    rows = file.execute("SELECT result_id, exit_code FROM execution_results ORDER BY pc_id").fetchall()
    assert [tuple(row) for row in rows] == [
        ("79659722-7dab-5aa2-b246-9e922ff15a6c", 0),
        ("917c3544-4de6-537a-a181-899f85bfef1c", 0),
    ]


def test_the_other_check_value(file: Any, res: Any) -> None:
    file.results(res(result_id="", request_id="r", pc_id="x"))
    assert file.row("0fa0310d-c039-5679-ac84-9f227050a1bb")["pc_id"] == "x"


def test_r4_r5_a_result_ends_what_a_start_began(file: Any, res: Any, evt: Any) -> None:
    file.started(evt())
    begun = file.row()
    subset(begun, exit_code=None, finished_at=None, stdout="", version="1.2.0", job_id="inv-hw", reaped=0)
    file.results(
        res(
            request_id="q1x",
            exec_id="OTHER",
            pc_id="pcO",
            exit_code=3,
            stdout="o",
            stderr="e",
            started_at="2026-11-23T11:11:11Z",
            finished_at="2026-11-23T10:05:00Z",
        )
    )
    ended = file.row()
    subset(
        ended, exit_code=3, stdout="o", stderr="e", finished_at="2026-11-23T10:05:00+00:00", request_id="q1x"
    )
    assert {key: ended[key] for key in SKIPS} == {key: begun[key] for key in SKIPS}
    file.started(evt())
    assert file.row() == ended


@pytest.mark.parametrize("together", [False, True])
def test_r6_a_late_start_fills_in_what_only_it_knows(file: Any, res: Any, evt: Any, together: bool) -> None:
    file.results(res(exec_id="X4", manifest_id="m4" if together else None))
    file.started(evt(exec_id="X4", manifest_id="m4", version="9.9"))
    subset(file.row(), version="9.9", job_id="m4", exit_code=0, exec_id="X4")
    file.started(evt(exec_id="X4", manifest_id="m5", version="10"))
    subset(file.row(), version="9.9", job_id="m4")


def test_r7_three_in_flight(file: Any, evt: Any) -> None:
    file.started(*(evt(result_id=name, pc_id=f"pc{name}") for name in "abc"))
    assert file.one("SELECT count(*) AS n FROM execution_results WHERE finished_at IS NULL")["n"] == 3


def test_r8_to_r11_counters(file: Any, res: Any) -> None:
    file.execution("X5", 2)
    steps = [
        (res(result_id="a", exec_id="X5"), (1, 0, "running")),
        (res(result_id="a", exec_id="X5"), (1, 0, "running")),
        (res(result_id="b", exec_id="X5", exit_code=-1), (1, 1, "completed")),
        (res(result_id="c", exec_id="X5", exit_code=1), (1, 2, "completed")),
    ]
    for message, expected in steps:
        file.results(message)
        assert file.counters("X5") == expected


def test_r8_to_r11_in_one_batch(file: Any, res: Any) -> None:
    file.execution("X5", 2)
    messages = [res(result_id=name, exec_id="X5", exit_code=int(name == "c")) for name in "aabca"]
    file.results(*messages, *messages)
    assert file.counters("X5") == (2, 1, "completed")


def test_r12_a_late_result_revives_an_expired_execution(file: Any, res: Any) -> None:
    file.execution("X6", 1, "expired")
    file.results(res(exec_id="X6"))
    assert file.counters("X6") == (1, 0, "completed")


def test_r13_no_execution_is_normal(file: Any, res: Any) -> None:
    file.results(res(exec_id="Znone"))
    subset(file.row(), exec_id="Znone")


def test_r15_the_real_result_replaces_a_reaped_row(file: Any, res: Any) -> None:
    file.execution("X7", 9)
    file.execute(
        "INSERT INTO execution_results (result_id, request_id, exec_id, pc_id, exit_code, stderr, started_at,"
        " finished_at, job_id, version, reaped) VALUES ('R7', 'q', 'X7', 'pc1', -1, 'note',"
        " '2026-11-20T10:00:00+00:00', '2026-11-22 10:00:00', 'jj', '1.0', 1)"
    )
    for _ in range(2):
        file.results(res(result_id="R7", exec_id="X7", stdout="real"))
        subset(
            file.row("R7"),
            exit_code=0,
            stdout="real",
            stderr="",
            finished_at="2026-11-23T10:00:01+00:00",
            reaped=0,
            version="1.0",
            job_id="jj",
        )
        assert file.counters("X7") == (1, 0, "running")


def test_r17_loose_timestamps_and_nul(file: Any, res: Any) -> None:
    file.results(
        res(
            started_at="2026-11-23 10:00:00Z",
            finished_at="2026-11-23 10:00:00.5 +0900",
            stdout="a\0b",
            exec_id=None,
            extra=[1],
        )
    )
    subset(file.row(), finished_at="2026-11-23T01:00:00.500+00:00", stdout="a\0b")


def test_ids_with_nul_count_once(file: Any, res: Any) -> None:
    """json_each of an older SQLite would cut such an id, and the result would count at each delivery."""
    file.execution("X", 5)
    for _ in range(2):
        file.results(res(result_id="a\0b", exec_id="X"), res(result_id="a\0c", exec_id="X"))
    assert file.counters("X") == (2, 0, "running")


def test_topics_name_what_changed(file: Any, res: Any, evt: Any) -> None:
    file.execution("X", 5)
    file.started(evt())
    assert file.topics == {"results": {"pc1"}}
    file.results(res(exec_id="X", pc_id="pc2"))
    assert file.topics == {"results": {"pc1", "pc2"}, "executions": {"X"}}
    file.topics.clear()
    file.results(res(exec_id="X", pc_id="pc2"))
    file.started(evt())
    assert file.topics == {}
