"""Counters equal a recount from the rows, whatever is redelivered, replayed or comes in another order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kanade_host_results.outcome import ENDED, STATES, outcome
from kanade_host_results.targets import Move, count, move, settle_status

from kanade_host.plugin import Instant

RECOUNT = (
    "SELECT e.exec_id, success_count, failure_count,"
    " (SELECT count(*) FROM execution_results AS r WHERE r.exec_id = e.exec_id AND exit_code = 0),"
    " (SELECT count(*) FROM execution_results AS r WHERE r.exec_id = e.exec_id AND exit_code <> 0)"
    " FROM executions AS e"
)
message = st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 1), st.integers(-1, 1))


def plan(file: Any, exec_id: str, pcs: list[str]) -> None:
    file.execute(
        "INSERT INTO execution_plans (exec_id, expected, expires_at) VALUES (?, ?, '2030')",
        (exec_id, len(pcs)),
    )
    for pc_id in pcs:
        file.execute(
            "INSERT INTO execution_targets (exec_id, pc_id, request_id, state, changed_at)"
            " VALUES (?, ?, 'q', 'waiting', '2026')",
            (exec_id, pc_id),
        )
    count(file, exec_id, (), ["waiting"] * len(pcs))


def check_states(file: Any) -> None:
    for row in file.execute("SELECT * FROM execution_plans").fetchall():
        states = file.execute(
            "SELECT state, count(*) FROM execution_targets WHERE exec_id = ? GROUP BY state",
            (row["exec_id"],),
        ).fetchall()
        found = dict(map(tuple, states))
        assert {state: row[state] for state in STATES} == {state: found.get(state, 0) for state in STATES}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(message, min_size=1, max_size=12), max_size=8), replay=st.booleans())
def test_recount(tmp_path_factory: Any, request: Any, res: Any, evt: Any, batches: Any, replay: bool) -> None:
    folder: Path = tmp_path_factory.mktemp("recount")
    file = type(request.getfixturevalue("file"))(folder / "r.db")
    file.execution("X0", 3)
    file.execution("X1", 2)
    plan(file, "X1", ["pc0", "pc1", "pc7"])
    try:
        for batch in batches * (2 if replay else 1):
            of = {True: [], False: []}
            for is_result, number, pc, code in batch:
                ids = {"result_id": f"r{number}-{pc}", "exec_id": f"X{number % 2}", "pc_id": f"pc{pc}"}
                of[is_result].append(res(**ids, exit_code=code) if is_result else evt(**ids))
            if of[True]:
                file.results(*of[True])
            if of[False]:
                file.started(*of[False])
        for _, success, failure, rows_success, rows_failure in file.execute(RECOUNT).fetchall():
            assert (success, failure) == (rows_success, rows_failure)
        check_states(file)
    finally:
        file.db.close()


@pytest.mark.parametrize(
    ("exit_code", "stderr", "state", "reason"),
    [
        (0, "", "done", None),
        (0, "skipped: x", "done", None),
        (3, "boom", "failed", "exit code 3"),
        (124, "", "failed", "exit code 124"),
        (124, "skipped: version-pin mismatch — a", "skipped", "version-pin mismatch — a"),
        (125, "skipped: starting deadline expired 5s ago", "skipped", "starting deadline expired 5s ago"),
        (126, "skipped: command was revoked", "skipped", "command was revoked"),
        (127, "skipped: staleness\nmore", "skipped", "staleness"),
        (127, "sh: not found", "failed", "exit code 127"),
        (-1, "timeout after 30s", "timed_out", "timeout after 30s"),
        (-1, "noise\ntimeout after 1s", "timed_out", "timeout after 1s"),
        (-1, "killed by remote signal (kill.X)", "killed", None),
        (-1, "noise\nkilled by remote signal (kill.X)", "killed", None),
        (-1, "", "failed", "exit code -1"),
    ],
)
def test_outcomes(exit_code: int, stderr: str, state: str, reason: str | None) -> None:
    assert outcome(exit_code, stderr) == (state, reason)


def test_targets_follow_their_runs(file: Any, res: Any, evt: Any) -> None:
    file.execution("X", 1)
    plan(file, "X", ["a", "b", "c"])
    file.started(evt(exec_id="X", pc_id="a", result_id="ra"))
    assert state_of(file, "X") == {"a": "running", "b": "waiting", "c": "waiting"}
    assert file.counters("X") == (0, 0, "pending")
    file.results(res(exec_id="X", pc_id="a", result_id="ra"))
    assert file.counters("X") == (1, 0, "running")
    file.results(res(exec_id="X", pc_id="b", result_id="rb", exit_code=126, stderr="skipped: revoked"))
    file.started(evt(exec_id="X", pc_id="b", result_id="rb"))
    file.results(res(exec_id="X", pc_id="stranger", result_id="rs"))
    assert file.counters("X") == (2, 1, "running")
    file.results(res(exec_id="X", pc_id="c", result_id="rc", exit_code=1))
    assert state_of(file, "X") == {"a": "done", "b": "skipped", "c": "failed"}
    assert file.counters("X") == (2, 2, "completed")
    check_states(file)


@pytest.mark.parametrize("ended", ["expired", "killed", "superseded"])
def test_a_result_decides_over_everything_earlier(file: Any, res: Any, evt: Any, ended: str) -> None:
    file.execution("X", 1)
    plan(file, "X", ["a"])
    at = Instant.parse("2026-11-24T10:00:00Z")
    move(file, {("X", "a"): Move(ended, at)})
    settle_status(file, ["X"])
    assert file.counters("X") == (0, 0, "expired" if ended == "expired" else "completed")
    file.started(evt(exec_id="X", pc_id="a", result_id="ra"))
    assert state_of(file, "X") == {"a": ended}
    file.results(res(exec_id="X", pc_id="a", result_id="ra"))
    assert state_of(file, "X") == {"a": "done"}
    assert file.counters("X") == (1, 0, "completed")
    check_states(file)
    assert ended in ENDED


def state_of(file: Any, exec_id: str) -> dict[str, str]:
    rows = file.execute("SELECT pc_id, state FROM execution_targets WHERE exec_id = ?", (exec_id,))
    return {row[0]: row[1] for row in rows.fetchall()}
