"""Every query that is asked often finds its rows by an index (`EXPLAIN QUERY PLAN`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from kanade_host_results import (
    batches,
    executions_read,
    live,
    outputs_read,
    results_read,
    scan,
    staging,
    sweeps,
    targets_read,
)
from kanade_host_results.api import Executions
from kanade_host_results.executions import ExecutionsService
from kanade_host_results.target_filter import Where

from kanade_host.plugin import Instant

AT = Instant.parse("2026-11-23T10:00:00Z")
NEXT = targets_read.Place("2026-11-23 10:00:00", 7, "pc").after(Where())
PLACE = results_read.Place(AT.sql, 7)
ANY = executions_read.Wanted(None, None, None, None, None)
LISTS = {
    "results": results_read.listing(None, None, 50),
    "results since": results_read.listing(None, AT, 50),
    "results success": results_read.listing("success", None, 50),
    "results failure": results_read.listing("failure", None, 50),
    "results failure since": results_read.listing("failure", AT, 50),
    "results running": results_read.listing("running", None, 50),
    "results, next page": results_read.listing(None, None, 50, PLACE),
    "results failure, next page": results_read.listing("failure", AT, 50, PLACE),
    "executions": executions_read.listing(None, None, 50),
    "executions, next page": executions_read.page_of(ANY, (AT.sql, 7), 50),
    "executions of a job, next page": executions_read.page_of(replace(ANY, job_id="j"), (AT.sql, 7), 50),
    "targets of an execution": (targets_read.PAGE.format(""), ["a", "", 10]),
    "unanswered": (targets_read.UNANSWERED.format(""), [10]),
    "unanswered, next page": (targets_read.UNANSWERED.format(NEXT.sql), [*NEXT.values, 10]),
}
SEEKS = {
    "one result": (results_read.ONE, ["a"]),
    "one execution": (executions_read.ONE, ["a"]),
    "executions of a job": executions_read.listing("j", None, 50),
    "executions by status": executions_read.listing(None, "pending", 50),
    "executions by both": executions_read.listing("j", "pending", 50),
    "targets": (executions_read.TARGETS, ["a", "", 10]),
    "live counts": (live.LIVE_COUNTS, []),
    "open": (live.OPEN, ["j", AT.sql]),
    "undelivered": (live.UNDELIVERED, ["j", AT.sql, AT.stored]),
    "waiting": (live.WAITING, ["a"]),
    "recent": (live.RECENT, [AT.sql, AT.sql]),
    "expire": (sweeps.EXPIRE, [AT.sql, 10]),
    "overdue": (sweeps.OVERDUE, [AT.stored, 10]),
    "stale": (sweeps.STALE, [AT.stored, AT.sql, 10]),
    "old results": (sweeps.OLD_RESULTS, [AT.sql, 10]),
    "old executions": (sweeps.OLD_EXECUTIONS, [AT.sql, 10]),
    "results of an execution": (executions_read.RESULTS, ["a"]),
    "count of targets": (targets_read.COUNT.format(""), ["a"]),
    "totals": (targets_read.PLAN, ["a"]),
    "groups of outputs": (outputs_read.GROUPS, ["a", 10]),
    "sums of outputs": (outputs_read.SUMMARY, ["a"]),
    "open batches": (batches.OPEN, []),
    "stopped batches": (staging.STOPPED, []),
    "interrupted ends": (staging.ENDING, []),
    "PCs of a batch": (batches.PCS, ["a", 1]),
    "batches of an execution": (batches.LISTED, ["a"]),
    "counts by batch": (batches.COUNTS, ["a"]),
    "all undelivered": (live.ALL_UNDELIVERED, [AT.sql, AT.stored]),
    "all open": (live.ALL_OPEN, [AT.sql]),
    "all in flight": (live.ALL_IN_FLIGHT, []),
    "in flight": (live.IN_FLIGHT, ["j"]),
}


def steps(file: Any, sql: str, values: list[Any]) -> list[str]:
    return [row["detail"] for row in file.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()]


@pytest.mark.parametrize("name", LISTS)
def test_lists_walk_an_index_in_their_order(file: Any, name: str) -> None:
    plan = steps(file, *LISTS[name])
    assert "USING" in plan[0], plan
    assert not [step for step in plan if "TEMP B-TREE" in step], plan


@pytest.mark.parametrize("name", SEEKS)
def test_nothing_scans_a_table(file: Any, name: str) -> None:
    plan = steps(file, *SEEKS[name])
    bad = [
        step
        for step in plan
        if step.startswith("SCAN") and "USING" not in step and "CONSTANT ROW" not in step
    ]
    assert not bad, plan


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("since", [None, AT])
def test_results_of_a_pc_come_from_an_index_that_holds_all_that_is_asked(
    file: Any, since: Instant | None, whole: bool
) -> None:
    plan = steps(file, *scan.of_pc("pc-1", since, 50, whole=whole))
    assert "USING COVERING INDEX execution_results_names" in plan[0], plan
    # Within one second the rows that match are put into order; never all of them.
    assert all("LAST TERM" in step or "RIGHT PART" in step for step in plan[1:]), plan


def test_failures_are_found_by_the_index_that_holds_only_them(file: Any) -> None:
    assert "execution_results_failed" in steps(file, *LISTS["results failure"])[0]
    assert any("execution_results_failed" in step for step in steps(file, *SEEKS["recent"]))


def test_the_service_is_what_it_promises(file: Any) -> None:
    offered: Executions = ExecutionsService(file, file)
    assert offered is not None
