"""Successes and failures of executions, added up for a whole batch (`contract/projections.md` 2.4)."""

from __future__ import annotations

from collections.abc import Mapping

from kanade_host.plugin import Tx
from kanade_host_results.chosen import chosen
from kanade_host_results.targets import Move, move, planned, settle_status

Tally = dict[str, list[int]]
"""exec_id -> [new successes, new failures]."""


def add(tally: Tally, exec_id: str, exit_code: int) -> None:
    """Count one fresh result."""
    tally.setdefault(exec_id, [0, 0])[0 if exit_code == 0 else 1] += 1


def apply_tally(tx: Tx, tally: Tally, moves: Mapping[tuple[str, str], Move]) -> None:
    """Count fresh results in their executions, and end the targets that they belong to.

    An execution that nobody recorded (an agent's own schedule) is normal: nothing is counted.
    """
    sql = "SELECT exec_id FROM executions WHERE exec_id IN ({})"
    known = [row[0] for row in chosen(tx, sql, list(tally))]
    if not known:
        return
    with_targets = planned(tx, known)
    tx.executemany(
        "UPDATE executions SET success_count = success_count + ?1, failure_count = failure_count + ?2,"
        " status = CASE WHEN ?4 OR success_count + ?1 + failure_count + ?2 < target_count"
        " THEN CASE WHEN ?4 AND status = 'completed' THEN status ELSE 'running' END"
        " ELSE 'completed' END WHERE exec_id = ?3",
        [(*tally[exec_id], exec_id, exec_id in with_targets) for exec_id in known],
    )
    if with_targets:
        move(tx, {pair: to for pair, to in moves.items() if pair[0] in with_targets})
        settle_status(tx, with_targets)
    tx.changed("executions", *known)
