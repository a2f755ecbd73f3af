"""The projection of RESULTS: rows, counters and targets of a whole batch (`contract/projections.md` 2).

Agents send a result again until it is acknowledged, and a stream may be replayed from its beginning.
What a row knows decides: a result counts when it makes the row or ends it, and never again.
"""

from __future__ import annotations

from collections.abc import Iterable

from kanade_host.plugin import Batch, Instant, Tx, insert_rows
from kanade_host_results import counters
from kanade_host_results.chosen import chosen
from kanade_host_results.digests import digest
from kanade_host_results.forgotten import forgotten
from kanade_host_results.messages import ExecResult
from kanade_host_results.outcome import outcome
from kanade_host_results.recent import grown
from kanade_host_results.successes import note_successes
from kanade_host_results.targets import Move

_UPSERT = (
    "INSERT INTO execution_results (result_id, request_id, exec_id, pc_id, exit_code, stdout, stderr,"
    " started_at, finished_at, recorded_at, job_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (result_id) DO UPDATE SET exit_code = excluded.exit_code, stdout = excluded.stdout,"
    " stderr = excluded.stderr, finished_at = excluded.finished_at, reaped = 0,"
    " request_id = excluded.request_id, job_id = coalesce(excluded.job_id, job_id)"
    " WHERE finished_at IS NULL OR reaped = 1"
)
_KEYS_AT_MOST = 200


def apply_results(tx: Tx, batch: Batch) -> None:
    """Write the fresh results of a batch and count them."""
    keys = [message.body.key for message in batch]
    ended = _ended(tx, keys)
    rows = []
    fresh: list[ExecResult] = []
    tally: counters.Tally = {}
    counted: list[tuple[str, ExecResult, Instant]] = []
    for key, message in zip(keys, batch):
        if key in ended:
            continue
        ended.add(key)
        body: ExecResult = message.body
        rows.append(_row(key, body, message.meta.time.sql))
        fresh.append(body)
        if body.exec_id is not None:
            counters.add(tally, body.exec_id, body.exit_code)
            counted.append((key, body, message.meta.time))
        if body.stdout_object is not None or body.stderr_object is not None:
            _keep_pointers(tx, key, body)
    if not rows:
        return
    insert_rows(tx, _UPSERT, rows)
    note_successes(tx, fresh)
    if tally:
        counters.apply_tally(tx, tally, lambda execs: _moves(counted, execs))
    grown(tx, min(str(row[9]) for row in rows))
    pcs = {str(row[3]) for row in rows}
    tx.changed("results", *(pcs if len(pcs) <= _KEYS_AT_MOST else ()))


def _moves(counted: Iterable[tuple[str, ExecResult, Instant]], execs: set[str]) -> counters.Moves:
    return {
        (body.exec_id, body.pc_id): _move(key, body, at)
        for key, body, at in counted
        if body.exec_id is not None and body.exec_id in execs
    }


def _move(key: str, body: ExecResult, at: Instant) -> Move:
    """Where a result takes its target; output that could not be fetched is equal to no other."""
    state, reason = outcome(body.exit_code, body.stderr)
    whole = body.stdout_object is None and body.stderr_object is None
    output = digest(body.exit_code, body.stdout, body.stderr) if whole else None
    return Move(state, at, key, reason, body.exit_code, output)


def _ended(tx: Tx, keys: list[str]) -> set[str]:
    """Those results whose row is final: nothing that comes later changes or counts it."""
    sql = (
        "SELECT result_id FROM execution_results WHERE result_id IN ({})"
        " AND finished_at IS NOT NULL AND reaped = 0"
    )
    return {row[0] for row in chosen(tx, sql, keys)} | forgotten(tx, keys)


def _row(key: str, body: ExecResult, recorded_at: str) -> tuple[object, ...]:
    return (
        key,
        body.request_id,
        body.exec_id,
        body.pc_id,
        body.exit_code,
        body.stdout,
        body.stderr,
        body.started_at.stored,
        body.finished_at.stored,
        recorded_at,
        body.manifest_id,
    )


def _keep_pointers(tx: Tx, key: str, body: ExecResult) -> None:
    """`prepare` has put in what it could fetch; what still points somewhere is kept for a person."""
    tx.execute(
        "INSERT INTO result_objects (result_id, stdout_object, stderr_object) VALUES (?, ?, ?)"
        " ON CONFLICT (result_id) DO UPDATE SET stdout_object = excluded.stdout_object,"
        " stderr_object = excluded.stderr_object",
        (key, body.stdout_object, body.stderr_object),
    )
