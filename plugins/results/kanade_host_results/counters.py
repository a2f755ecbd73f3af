"""Successes and failures of executions, added up for a whole batch (`contract/projections.md` 2.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kanade_host.plugin import Tx
from kanade_host_results.chosen import chosen
from kanade_host_results.targets import Move, move, planned, settle_status

_COUNT = (
    "UPDATE executions SET success_count = success_count + ?, failure_count = failure_count + ?, status ="
)
_COUNT_SUBJECTS = (
    f"{_COUNT} CASE WHEN success_count + failure_count + ? >= target_count THEN 'completed'"
    " ELSE 'running' END WHERE exec_id = ?"
)
_COUNT_TARGETS = f"{_COUNT} CASE status WHEN 'completed' THEN status ELSE 'running' END WHERE exec_id = ?"

Tally = dict[str, list[int]]
"""exec_id -> [new successes, new failures]."""

Moves = Mapping[tuple[str, str], Move]
"""(exec_id, pc_id) -> where a result takes that target."""


def add(tally: Tally, exec_id: str, exit_code: int) -> None:
    """Count one fresh result."""
    tally.setdefault(exec_id, [0, 0])[0 if exit_code == 0 else 1] += 1


def apply_tally(tx: Tx, tally: Tally, moves: Callable[[set[str]], Moves]) -> None:
    """Count fresh results in their executions, and end the targets that they belong to.

    `moves` is asked for the results of executions whose targets are known, so that no output is digested
    in vain.
    An execution that nobody recorded (an agent's own schedule) is normal: nothing is counted.
    """
    sql = "SELECT exec_id FROM executions WHERE exec_id IN ({})"
    known = [row[0] for row in chosen(tx, sql, list(tally))]
    if not known:
        return
    with_targets = planned(tx, known)
    tx.executemany(
        _COUNT_TARGETS, [(*tally[exec_id], exec_id) for exec_id in known if exec_id in with_targets]
    )
    tx.executemany(
        _COUNT_SUBJECTS,
        [(*tally[exec_id], sum(tally[exec_id]), exec_id) for exec_id in known if exec_id not in with_targets],
    )
    if with_targets:
        move(tx, moves(with_targets))
        settle_status(tx, with_targets)
    tx.changed("executions", *known)
