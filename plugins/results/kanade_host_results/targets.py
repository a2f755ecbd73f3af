"""The only writer of target states, and of the counts that go with them.

Every target that an execution waits for ends: done, failed, skipped, timed out, expired, killed or
superseded. `execution_plans` holds how many are in each state; both change in one transaction, here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kanade_host.plugin import Instant, Tx
from kanade_host_results.chosen import chosen
from kanade_host_results.outcome import STATES

_OPEN = "waiting + running > 0"
_ADD = "UPDATE execution_plans SET {} WHERE exec_id = ?".format(
    ", ".join(f"{state} = {state} + ?" for state in STATES)
)


@dataclass(frozen=True, slots=True)
class Move:
    """A target's new state, and what decided it. `exit_code` and `output` (a digest) are a result's."""

    state: str
    at: Instant
    result_id: str | None = None
    reason: str | None = None
    exit_code: int | None = None
    output: bytes | None = None


def planned(tx: Tx, exec_ids: Iterable[str]) -> set[str]:
    """Those of the executions whose targets were recorded."""
    sql = "SELECT exec_id FROM execution_plans WHERE expected > 0 AND exec_id IN ({})"
    return {row[0] for row in chosen(tx, sql, list(exec_ids))}


def move(tx: Tx, moves: Mapping[tuple[str, str], Move], *, only_from: frozenset[str] | None = None) -> int:
    """Put targets, named by (exec_id, pc_id), into new states; answer how many there were to move.

    Pairs that are no target are ignored, and with `only_from` so are those in any other state.
    """
    by_exec: dict[str, list[str]] = {}
    for exec_id, pc_id in moves:
        by_exec.setdefault(exec_id, []).append(pc_id)
    changed = 0
    for exec_id, pc_ids in by_exec.items():
        sql = "SELECT pc_id, state FROM execution_targets WHERE exec_id = ? AND pc_id IN ({})"
        before = {
            row[0]: row[1]
            for row in chosen(tx, sql, pc_ids, (exec_id,))
            if only_from is None or row[1] in only_from
        }
        _write(tx, exec_id, {pc_id: moves[exec_id, pc_id] for pc_id in before})
        count(tx, exec_id, before.values(), [moves[exec_id, pc_id].state for pc_id in before])
        changed += len(before)
    return changed


def _write(tx: Tx, exec_id: str, moves: Mapping[str, Move]) -> None:
    tx.executemany(
        "UPDATE execution_targets SET state = ?, changed_at = ?, result_id = coalesce(?, result_id),"
        " reason = ?, exit_code = coalesce(?, exit_code), output = coalesce(?, output)"
        " WHERE exec_id = ? AND pc_id = ?",
        [
            (to.state, to.at.stored, to.result_id, to.reason, to.exit_code, to.output, exec_id, pc_id)
            for pc_id, to in moves.items()
        ],
    )


def count(tx: Tx, exec_id: str, left: Iterable[str], entered: Iterable[str]) -> None:
    """Note that targets left some states and entered others."""
    change = Counter(entered)
    change.subtract(Counter(left))
    if any(change.values()):
        tx.execute(_ADD, (*(change[state] for state in STATES), exec_id))


def settle_status(tx: Tx, exec_ids: Iterable[str]) -> None:
    """Complete the executions among these whose recorded targets have all ended.

    When not one of them sent a result because all of them expired, so did the execution.
    """
    tx.executemany(
        "UPDATE executions SET status = CASE WHEN (SELECT expired = expected FROM execution_plans AS p"
        " WHERE p.exec_id = executions.exec_id) THEN 'expired' ELSE 'completed' END WHERE exec_id = ?"
        " AND EXISTS (SELECT 1 FROM execution_plans AS p WHERE p.exec_id = executions.exec_id"
        f" AND expected > 0 AND NOT {_OPEN})",
        [(exec_id,) for exec_id in exec_ids],
    )
