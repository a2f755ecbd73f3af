"""Runs jobs one after another inside one transaction, each under a savepoint of its own.

A job that raises undoes itself alone. SQLite itself gives up the whole transaction in a few cases: a
full disk, an I/O error, and a write that had to be interrupted. In the last case the neighbours are
blameless, and run again (`GroupLost.blame`).
"""

from __future__ import annotations

import sqlite3
import time
import traceback
from collections.abc import Callable

from kanade_host.faults import fault
from kanade_host.plugin.errors import Overran, PluginError, StoreUnavailable
from kanade_host.store.commits import Changes, merge
from kanade_host.store.deadline import DeadlineWatch, Halt
from kanade_host.store.errors import NotAllowed, cause_of, primary_code
from kanade_host.store.guard import HOST, Guard
from kanade_host.store.queue import Job
from kanade_host.store.tx import Effects, Transaction


class GroupLost(Exception):
    """The transaction is gone. `cause` is None when one job alone is to blame; it has its own error."""

    def __init__(self, cause: StoreUnavailable | None) -> None:
        super().__init__(str(cause or "the transaction was rolled back"))
        self.cause = cause


class Group:
    """The jobs of one commit. All methods run on the writer thread."""

    def __init__(self, connection: sqlite3.Connection, guard: Guard, watch: DeadlineWatch) -> None:
        self._connection, self._guard, self._watch = connection, guard, watch
        self.done: list[Job] = []
        self.changes: Changes = {}
        self.calls: list[tuple[str, Callable[[], None]]] = []
        self.sent = self.urgent = self.batch = self.changed = False
        self._host("BEGIN IMMEDIATE")

    def run(self, job: Job) -> None:
        """Run one job; its outcome is in `job` afterwards. Raises `GroupLost`."""
        self.urgent |= job.urgent
        self.batch |= not job.urgent
        self.done.append(job)
        job.runs += 1
        effects = Effects()
        before = self._connection.total_changes
        self._host("SAVEPOINT job")
        job.error = self._call(job, Transaction(self._connection, self._guard, job.owner, effects))
        effects.open = False
        if not job.urgent:
            fault("applied")
        if job.error is None:
            if not self._connection.in_transaction:
                raise GroupLost(StoreUnavailable(f"the transaction was lost while {job.owner} was writing"))
            self._host("RELEASE job")
            self.changed |= self._connection.total_changes != before or bool(effects.changes)
            merge(self.changes, effects.changes)
            self.calls += [(job.owner, call) for call in effects.calls]
            self.sent |= effects.sent
        else:
            self._undo(job)

    def commit(self, number: int) -> bool:
        """Commit, as commit `number` when anything changed (then True). Raises sqlite3 errors."""
        if self.changed:
            self._host("UPDATE host_commits SET number = ?", (number,))
        if self.batch:
            fault("before-commit")
        self._host("COMMIT")
        if self.batch:
            fault("after-commit")
        return self.changed

    def _call(self, job: Job, tx: Transaction) -> BaseException | None:
        """Call the work. Whatever it does, on return nothing strikes this thread any more."""
        begun = time.monotonic()
        attempt = _Attempt(job, tx)
        while True:
            try:
                attempt.work(self._watch)
                break
            except Halt:  # it may come at any step, also between the work and the end of its watch
                continue
        if attempt.struck:
            return self._overran(job, time.monotonic() - begun, attempt.taken())
        return self._translated(job, attempt.taken())

    def _overran(self, job: Job, seconds: float, error: BaseException | None) -> Overran:
        if error is not None and error.__traceback__ is not None:
            # Frames keep cursors alive, and with them the interruption: the rollback would fail too.
            traceback.clear_frames(error.__traceback__)
        overran = Overran(
            f"{job.owner} held the writer of the database for {seconds:.1f} s;"
            f" {job.deadline:g} s are allowed: do less in one transaction"
        )
        overran.__cause__ = error if isinstance(error, Exception) else None
        return overran

    def _translated(self, job: Job, error: BaseException | None) -> BaseException | None:
        if error is None:
            return None
        if primary_code(error) == sqlite3.SQLITE_AUTH:
            refused = NotAllowed(self._guard.refusal or str(error))
            refused.__cause__ = error
            return refused
        if not isinstance(error, Exception) or isinstance(error, StopIteration):
            # Neither may pass through an asyncio future.
            wrapped = PluginError(f"{job.owner} raised {error!r} inside a transaction")
            wrapped.__cause__ = error
            return wrapped
        return cause_of(error, f"{job.owner} writes") or error

    def _undo(self, job: Job) -> None:
        cause = job.error if isinstance(job.error, StoreUnavailable) else None
        try:
            if not self._connection.in_transaction:
                raise GroupLost(cause)
            self._host("ROLLBACK TO job")
            self._host("RELEASE job")
        except sqlite3.Error:
            raise GroupLost(cause) from None

    def _host(self, sql: str, parameters: tuple[object, ...] = ()) -> None:
        self._guard.owner = HOST
        self._connection.execute(sql, parameters)


class _Attempt:
    """One call of a job's work. `work` may be entered again after `Halt`; the job's function runs once."""

    __slots__ = ("_begun", "_job", "_tx", "error", "struck")

    def __init__(self, job: Job, tx: Transaction) -> None:
        self._job, self._tx = job, tx
        self._begun = self.struck = False
        self.error: BaseException | None = None

    def taken(self) -> BaseException | None:
        """What the function has raised; kept here no longer, since its traceback holds this frame."""
        error, self.error = self.error, None
        return error

    def work(self, watch: DeadlineWatch) -> None:
        if not self._begun:
            self._begun = True
            watch.begin(self._job.owner, self._job.deadline)
            try:
                self._job.value = self._job.work(self._tx)
            except BaseException as error:
                self.error = error
        self.struck = watch.end()
