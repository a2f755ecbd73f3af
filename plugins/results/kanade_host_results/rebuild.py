"""What a rebuild of results adds to the replay (`docs/decisions/rebuild.md`).

RESULTS holds 30 days and EVENTS seven, rows may be older. Executions are in no stream: they stay, and only
their counts are made anew, where all results that they count can be replayed (retention has deleted none).
"""

from __future__ import annotations

from kanade_host.plugin import Reach, Rebuild, Tx
from kanade_host_results.recent import void

RESULTS = "results.results"
STARTED = "results.started"
_ROW = (
    "result_id, request_id, exec_id, pc_id, exit_code, stdout, stderr, started_at, finished_at, recorded_at,"
    " job_id, version, reaped"
)


def carry(tx: Tx, reach: Reach) -> None:
    """Rows older than RESULTS; executions whose results can all be replayed, at zero, and no others.

    Without plans every result is counted by the plain rule; targets and their counts stay as they are.
    """
    begins = reach.begins[RESULTS].sql
    tx.execute(
        f"INSERT INTO execution_results ({_ROW}) SELECT {_ROW} FROM live.execution_results"
        " WHERE recorded_at < ? ORDER BY rowid",
        (begins,),
    )
    tx.execute(
        "INSERT INTO result_objects (result_id, stdout_object, stderr_object)"
        " SELECT result_id, stdout_object, stderr_object FROM live.result_objects"
        " WHERE result_id IN (SELECT result_id FROM execution_results)"
    )
    tx.execute("DELETE FROM execution_plans")
    tx.execute("DELETE FROM execution_targets")
    tx.execute("DELETE FROM executions WHERE initiated_at < ?", (begins,))
    tx.execute("DELETE FROM executions WHERE exec_id IN (SELECT exec_id FROM result_forgotten)")
    tx.execute("UPDATE executions SET success_count = 0, failure_count = 0, status = 'pending'")


def complete(tx: Tx, reach: Reach) -> None:
    """What only the older started events knew, and output that the object store has dropped meanwhile."""
    begins = reach.begins[STARTED].sql
    tx.execute(
        f"INSERT INTO execution_results ({_ROW}) SELECT {_ROW} FROM live.execution_results"
        " WHERE recorded_at < ? AND version IS NOT NULL AND (finished_at IS NULL OR reaped = 1)"
        " ON CONFLICT (result_id) DO NOTHING",
        (begins,),
    )
    tx.execute(
        "UPDATE execution_results AS r SET version = l.version, recorded_at = l.recorded_at,"
        " job_id = coalesce(r.job_id, l.job_id) FROM live.execution_results AS l"
        " WHERE l.result_id = r.result_id AND l.recorded_at < ? AND l.version IS NOT NULL"
        " AND r.version IS NULL",
        (begins,),
    )
    dropped = (
        "SELECT result_id FROM result_objects WHERE result_id IN (SELECT result_id FROM"
        " live.execution_results) AND result_id NOT IN (SELECT result_id FROM live.result_objects)"
    )
    tx.execute(
        "UPDATE execution_results AS r SET stdout = l.stdout, stderr = l.stderr"
        " FROM live.execution_results AS l WHERE l.result_id = r.result_id"
        f" AND r.result_id IN ({dropped})"
    )
    tx.execute(f"DELETE FROM result_objects WHERE result_id IN ({dropped})")


def settle(tx: Tx, reach: Reach) -> None:  # noqa: ARG001
    """The recount. Targets decide the status of an execution that has a plan."""
    void(tx)
    tx.execute(
        "UPDATE executions AS e SET success_count = r.success_count, failure_count = r.failure_count,"
        " status = CASE WHEN r.success_count + r.failure_count = 0 OR EXISTS"
        " (SELECT 1 FROM execution_plans AS p WHERE p.exec_id = e.exec_id AND p.expected > 0)"
        " THEN e.status ELSE r.status END"
        " FROM rebuilt.executions AS r WHERE r.exec_id = e.exec_id AND"
        " (r.success_count, r.failure_count) IS NOT (e.success_count, e.failure_count)"
    )


REBUILD = Rebuild(carry, complete, settle)
