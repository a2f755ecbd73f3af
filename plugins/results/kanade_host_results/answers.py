"""What is answered about results and executions (`contract/http-jobs.md` 3, 4)."""

from __future__ import annotations

import msgspec

from kanade_host.plugin import Instant


def wire(stored: object) -> str | None:
    """A stored timestamp as clients are shown it; None where it is none."""
    if isinstance(stored, str) and stored.endswith("+00:00") and stored[10:11] == "T":
        return stored[:-6] + "Z"
    instant = None if stored is None else Instant.from_stored(stored)
    return None if instant is None else instant.wire


class Result(msgspec.Struct, frozen=True):
    """One run. `exit_code` and `finished_at` are null while it runs."""

    result_id: str
    request_id: str
    exec_id: str | None
    pc_id: str
    exit_code: int | None
    stdout: str
    stderr: str
    started_at: str | None
    finished_at: str | None
    job_id: str | None
    version: str | None


class ResultDetail(Result, frozen=True, omit_defaults=True):
    """`stdout_object` and `stderr_object`: output that could not be fetched from the object store."""

    stdout_object: str | None = None
    stderr_object: str | None = None


class TargetStates(msgspec.Struct, frozen=True):
    """How many targets are in which state."""

    waiting: int
    running: int
    done: int
    failed: int
    skipped: int
    timed_out: int
    expired: int
    killed: int
    superseded: int


class BatchState(msgspec.Struct, frozen=True, kw_only=True):
    """What goes out together, of a fire in batches or waves. `state`: waiting, sent or stopped.

    `due` null: the batch before has not gone. `reason`: why it was stopped.
    """

    number: int
    targets: int
    state: str
    due: str | None
    sent_at: str | None
    reason: str | None
    states: TargetStates


class Execution(msgspec.Struct, frozen=True):
    """One execution. `target_count` is upstream's number; `expected` counts PCs, null where unknown.

    `rerun_of`: the execution whose targets it repeats.
    """

    exec_id: str
    job_id: str
    version: str
    initiated_by: str
    initiated_at: str | None
    target_count: int
    success_count: int
    failure_count: int
    status: str
    expected: int | None
    states: TargetStates | None
    rerun_of: str | None


class ExecutionResult(msgspec.Struct, frozen=True):
    """A run within an execution."""

    result_id: str
    request_id: str
    pc_id: str
    exit_code: int | None
    started_at: str | None
    finished_at: str | None


class ExecutionTarget(msgspec.Struct, frozen=True):
    """A PC that an execution waits for."""

    pc_id: str
    state: str
    request_id: str | None
    result_id: str | None
    reason: str | None
    changed_at: str | None


class ExecutionDetail(msgspec.Struct, frozen=True):
    """`targets` are ordered by PC; `targets_after` of the next page is null on the last one.

    `reruns`: the executions that repeat targets of this one, oldest first.
    """

    execution: Execution
    results: list[ExecutionResult]
    targets: list[ExecutionTarget]
    targets_after: str | None
    reruns: list[str]


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A PC that an execution waits for.

    `skip`: version_pin, deadline, revoked or staleness, where the agent skipped the command. `exit_code` is
    null without a result. `output`: what equal outputs have in common; null where there is none, or not all
    of it could be fetched. `batch`: which wave or batch, from 1. `online`: heard within three of its own
    heartbeat intervals, as in the list of PCs; null where nobody knows.
    """

    pc_id: str
    hostname: str | None
    online: bool | None
    state: str
    reason: str | None
    skip: str | None
    exit_code: int | None
    batch: int | None
    request_id: str | None
    result_id: str | None
    output: str | None
    changed_at: str | None
    started_at: str | None
    finished_at: str | None


class Targets(msgspec.Struct, frozen=True, kw_only=True):
    """A page, by PC. `states` are the totals of the whole execution, `total` that of the filter.

    `expected` and `states` are null where the execution's targets are not known. `after` asks for the next
    page; null on the last one.
    """

    expected: int | None
    states: TargetStates | None
    total: int
    targets: list[Target]
    after: str | None


class OutputGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Targets whose exit code, stdout and stderr are equal.

    `pcs`: the first of them; `targets?output=` lists all. `stdout` and `stderr` are cut, as in lists of
    results; `result_id` is one that has them whole.
    """

    output: str
    exit_code: int | None
    count: int
    pcs: list[str]
    result_id: str | None
    stdout: str | None
    stderr: str | None


class Outputs(msgspec.Struct, frozen=True, kw_only=True):
    """The most frequent first. `groups_total` counts all groups, `without` targets that have no output."""

    groups_total: int
    without: int
    groups: list[OutputGroup]


class UnansweredTarget(msgspec.Struct, frozen=True, kw_only=True):
    """A target from which no result came: waiting, running, expired, or closed after a day."""

    exec_id: str
    job_id: str
    version: str
    initiated_at: str | None
    pc_id: str
    hostname: str | None
    online: bool | None
    state: str
    reason: str | None
    changed_at: str | None
    started_at: str | None


class UnansweredTargets(msgspec.Struct, frozen=True, kw_only=True):
    """Newest execution first. With `more_than`, `total` is where counting ended. `after`: the next page."""

    total: int
    more_than: bool
    targets: list[UnansweredTarget]
    after: str | None


class Unanswered(msgspec.Struct, frozen=True, kw_only=True):
    """A PC, and how many executions wait or waited for it in vain."""

    pc_id: str
    hostname: str | None
    online: bool | None
    executions: int
    newest_at: str | None


class ResultsPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page, the newest first. `after` asks for the next one, and is null at the end.

    `total` is null where patterns would have to be compared with every row; with `more_than` it is where
    counting ended. `complete` false: the time was over before enough was found; `after` goes on searching.
    """

    items: list[Result]
    total: int | None
    more_than: bool
    complete: bool
    after: str | None


class ExecutionsPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page, the newest first. With `more_than`, `total` is where counting ended."""

    items: list[Execution]
    total: int
    more_than: bool
    after: str | None
