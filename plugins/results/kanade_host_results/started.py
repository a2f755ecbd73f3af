"""The projection of started events: runs that have begun (`contract/projections.md` 3).

Start and result of a run travel in different streams, so either comes first. Whichever it is, one row
comes out; a start that comes late fills in what only it knows.
"""

from __future__ import annotations

from kanade_host.plugin import Batch, Tx, insert_rows
from kanade_host_results.forgotten import forgotten
from kanade_host_results.messages import EventStarted
from kanade_host_results.recent import grown
from kanade_host_results.targets import Move, move, planned

_INSERT = (
    "INSERT INTO execution_results (result_id, request_id, exec_id, pc_id, started_at, recorded_at, job_id,"
    " version) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (result_id) DO UPDATE SET"
    " version = coalesce(version, excluded.version), job_id = coalesce(job_id, excluded.job_id)"
    " WHERE version IS NULL OR job_id IS NULL"
)
_KEYS_AT_MOST = 200
_WAITING = frozenset(["waiting"])


def apply_started(tx: Tx, batch: Batch) -> None:
    """Write the runs that have begun, and the targets that they belong to.

    A target that has ended stays so: its result came first, or a late start of a command that was
    killed meanwhile, whose own end is told by its result.
    """
    gone = forgotten(tx, [message.body.result_id for message in batch])
    batch = [message for message in batch if message.body.result_id not in gone]
    if insert_rows(tx, _INSERT, [_row(message.body, message.meta.time.sql) for message in batch]) == 0:
        return
    grown(tx, min(message.meta.time for message in batch).sql)
    execs = {message.body.exec_id for message in batch}
    with_targets = planned(tx, execs)
    if with_targets:
        moves = {
            (message.body.exec_id, message.body.pc_id): Move(
                "running", message.meta.time, message.body.result_id
            )
            for message in batch
            if message.body.exec_id in with_targets
        }
        if move(tx, moves, only_from=_WAITING):
            tx.changed("executions", *with_targets)
    pcs = {message.body.pc_id for message in batch}
    tx.changed("results", *(pcs if len(pcs) <= _KEYS_AT_MOST else ()))


def _row(body: EventStarted, recorded_at: str) -> tuple[object, ...]:
    return (
        body.result_id,
        body.request_id,
        body.exec_id,
        body.pc_id,
        body.started_at.stored,
        recorded_at,
        body.manifest_id,
        body.version,
    )
