"""The one writer: every write and every checkpoint of the process passes this thread.

A transaction has to be one function call, because nothing else may come between its statements; and
there may be only one connection that writes and checkpoints (`docs/decisions/one-writer.md`). Jobs that
wait together share a commit, so that many small writes cost one fsync.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from kanade_host.plugin.errors import OperatorError, PluginError, StoreUnavailable
from kanade_host.store.checkpoint import checkpoint
from kanade_host.store.commits import Commit
from kanade_host.store.connections import open_writer, refuse
from kanade_host.store.deadline import GRACE_SECONDS, DeadlineWatch
from kanade_host.store.errors import StoreDamaged, cause_of
from kanade_host.store.group import Group, GroupLost
from kanade_host.store.guard import HOST, Guard, Owners
from kanade_host.store.location import Location
from kanade_host.store.outcomes import Failed, Outcomes, WriterStats
from kanade_host.store.queue import Job, JobQueue
from kanade_host.store.syncing import LogSync, synced_apart
from kanade_host.store.tuning import Tuning
from kanade_host.store.tx import Transaction

T = TypeVar("T")
log = logging.getLogger(__name__)

GROUP_SECONDS = 0.1
IDLE_SECONDS = 1.0
CALM_SECONDS = 0.05
"""So long nothing waits after bulk work until the log is copied: whoever ended it may have one more write."""
CALM_AT_LAST_SECONDS = 1.0
"""So long after bulk work the log is copied though something waits: a steady trickle leaves no pause."""
SLOW_SECONDS = 1.0
_RUNS = 3
_LOOK_SECONDS = 1.0


class Writer:
    """Runs functions in transactions, on one thread. `open` and `close` on the event loop.

    - `on_commit(commit)` is called on the loop before the functions' callers go on: as soon as readers
      see the rows, while those wait for the disk.
    - `on_stuck(owner)` is called on another thread when that owner's code does not give the thread
      back: the process has to end.
    - `on_damage(error)` is called on the loop when SQLite says that the file is damaged.
    """

    def __init__(
        self,
        location: Location,
        *,
        on_commit: Callable[[Commit], None] | None = None,
        on_stuck: Callable[[str], None] | None = None,
        on_damage: Callable[[StoreDamaged], None] | None = None,
        owners: Owners | None = None,
        grace: float = GRACE_SECONDS,
    ) -> None:
        self.location = location
        self.owners = Owners() if owners is None else owners
        self.number, self.epoch, self.made_by = 0, "", ""
        self.stats = WriterStats()
        self._outcomes = Outcomes(self.stats, on_commit, on_damage)
        self._queue = JobQueue()
        self._guard = Guard(self.owners)
        self._watch = DeadlineWatch(on_stuck or _end_nothing, grace=grace)
        self._thread = threading.Thread(target=self._main, name="store-writer", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opened: asyncio.Future[None] | None = None
        self._ended: asyncio.Future[None] | None = None
        self._connection: sqlite3.Connection
        self._tuning: Tuning
        self._bulk, self._bulk_ended = 0, 0.0
        self._apart = synced_apart(location)
        self._sync: LogSync | None = None
        self._dirty = True
        self._identity, self._looked_at = (0, 0), 0.0

    @property
    def waiting(self) -> tuple[int, int]:
        """How many requests and how many batches wait for the thread."""
        return self._queue.waiting

    @property
    def sync_seconds(self) -> float:
        """How long commits wait for the disk now, else the last time; 0 where SQLite waits inside COMMIT."""
        return 0.0 if self._sync is None else self._sync.seconds

    @property
    def held_by(self) -> tuple[str, float] | None:
        """Whose work is over its deadline now, and by how many seconds: a reason not to be ready."""
        return self._watch.over

    def allow_dynamic(self, plugin: str, predicate: Callable[[str], bool]) -> None:
        """Let a plugin make and fill tables at run time, by name (derived tables of inventory)."""
        self.owners.allow_dynamic(plugin, predicate)

    @contextlib.contextmanager
    def bulk(self) -> Iterator[None]:
        """Much is written meanwhile, as fast as it goes: a backlog, or whole tables (`Tuning`).

        For the event loop; several at a time are one. Afterwards, as soon as nothing waits and after a second
        at the latest, the log is copied into the database and the cache given back.
        """
        self._bulk += 1
        try:
            yield
        finally:
            self._bulk_ended = time.monotonic()
            self._bulk -= 1
            if not self._bulk:
                self._queue.wake()

    async def open(self) -> None:
        """Start the thread. Raises `DatabaseRefused` when the file cannot be opened."""
        self._loop = asyncio.get_running_loop()
        self._opened, self._ended = self._loop.create_future(), self._loop.create_future()
        self._thread.start()
        await self._opened

    async def close(self) -> None:
        """Finish what waits, then close the file tidily (the log is merged into it)."""
        self._queue.close()
        if self._ended is not None:
            await self._ended

    async def run(
        self,
        owner: str,
        work: Callable[[Transaction], T],
        *,
        urgent: bool = True,
        deadline: float = 2.0,
        attach: tuple[str, Location] | None = None,
    ) -> T:
        """Run `work` in a transaction; answers its value once that is committed and on the disk.

        What it raises undoes what it did, and comes out here. `StoreUnavailable`: nothing was written,
        the cause concerns everybody. `StoreDamaged`: it may be written or not, and the host ends.
        `Overran`: it took longer than `deadline` seconds. `NotAllowed`: it reached for what is not the
        owner's. `work` may be called again when the transaction was lost through a neighbour: only the
        last call counts. `attach`: a name under which the tables of another database can be read
        meanwhile; such work has no neighbours.
        """
        if self._loop is None:
            raise StoreUnavailable("the database is not open yet")
        future: asyncio.Future[Any] = self._loop.create_future()
        if not self._queue.put(Job(owner, work, urgent, deadline, future, attach)):
            raise StoreUnavailable("the database is closed: the host is stopping")
        outcome = await future
        if isinstance(outcome, Failed):
            raise outcome.taken()
        result: T = outcome
        return result

    # -- the writer thread ---------------------------------------------------------------------

    def _main(self) -> None:
        try:
            self._reopen()
            row = self._connection.execute("SELECT number, epoch, made_by FROM host_commits").fetchone()
            self.number, self.epoch, self.made_by = row
            self._watch.start(threading.get_ident(), self._connection.interrupt)
            if self._apart:
                self._sync = LogSync(self.location.path, self._kept)
        except BaseException as error:
            with contextlib.suppress(AttributeError):
                self._connection.close()
            self._tell(self._settle_open, _opening(error, self.location))
            return
        self._tell(self._settle_open, None)
        while not self._queue.finished:
            if self._calm_is_due():
                self._rest()
            job = self._queue.first(self._patience)
            if job is not None:
                self._guarded_group(job)
                del job
            else:
                self._rest()
        self._watch.close()
        if self._sync is not None:
            self._sync.close()
        self._connection.close()
        self._tell(self._settle_end)

    def _patience(self) -> float:
        """How long nothing has to wait until this thread rests."""
        if self._tuning.bulk:
            return IDLE_SECONDS if self._bulk else CALM_SECONDS
        return IDLE_SECONDS if self._dirty else 3600.0

    def _calm_is_due(self) -> bool:
        """Whether bulk work has ended so long ago that this thread rests between two groups."""
        if self._bulk or not self._tuning.bulk:
            return False
        return time.monotonic() - self._bulk_ended >= CALM_AT_LAST_SECONDS

    def _rest(self) -> None:
        if self._dirty:
            checkpoint(self._connection, self.location.path)
            self._dirty = False
        if not self._bulk:
            self._tuning.set_calm()

    def _reopen(self) -> None:
        self._connection = open_writer(self.location, synchronous="NORMAL" if self._apart else "FULL")
        found = self.location.path.stat()
        self._identity, self._looked_at = (found.st_dev, found.st_ino), time.monotonic()
        self._tuning = Tuning(self._connection)
        self._guard.owner = HOST
        self._connection.set_authorizer(self._guard)

    def _guarded_group(self, first: Job) -> None:
        began = time.monotonic()
        self._dirty = True
        if self._bulk:
            self._tuning.set_bulk()
        jobs = [first]
        try:
            if self._sync is not None and self._sync.failed is not None:
                raise self._sync.failed
            self._in_place(began)
            self._attach(first)
            group = Group(self._connection, self._guard, self._watch)
            jobs = group.done
            self._fill(group, first, began + GROUP_SECONDS)
            self._commit(group)
        except GroupLost as lost:
            self._roll_back()
            self._after_loss(jobs, lost)
        except BaseException as error:
            self._watch.end_surely()
            self._roll_back()
            self._fail(jobs or [first], error)
        self._detach(first)
        self.stats.busy_seconds += time.monotonic() - began
        self._guard.owner = HOST
        del jobs

    def _attach(self, job: Job) -> None:
        if job.attach is not None:
            self._guard.owner = HOST
            name, location = job.attach
            self._connection.execute(f"ATTACH ? AS {name}", (location.uri("ro"),))

    def _detach(self, job: Job) -> None:
        if job.attach is None:
            return
        self._guard.owner = HOST
        with contextlib.suppress(sqlite3.Error):  # of a connection that had to be opened again
            self._connection.execute(f"DETACH {job.attach[0]}")

    def _in_place(self, now: float) -> None:
        """Writing into a file that was removed or replaced would lose everything at the next start."""
        if now - self._looked_at < _LOOK_SECONDS:
            return
        self._looked_at = now
        try:
            found = self.location.path.stat()
            same = (found.st_dev, found.st_ino) == self._identity
        except OSError:
            same = False
        if not same:
            raise StoreDamaged(
                f"the database {self.location.path} was removed or replaced while the host was running:"
                " start the host again"
            )

    def _fill(self, group: Group, first: Job, ends: float) -> None:
        """Run jobs until none waits or time is up. Once a request has run, no batch delays its commit."""
        job: Job | None = first
        while job is not None:
            if not job.future.cancelled():
                self._run_one(group, job)
            job = None
            if time.monotonic() < ends and first.attach is None:
                job = self._queue.following(urgent_only=group.urgent)

    def _run_one(self, group: Group, job: Job) -> None:
        began = time.monotonic()
        group.run(job)
        took = time.monotonic() - began
        if took > SLOW_SECONDS:
            log.warning("slow transaction: owner=%s seconds=%.1f", job.owner, took)

    def _commit(self, group: Group) -> None:
        began = time.monotonic()
        commit = None
        if group.commit(self.number + 1):
            self.number += 1
            commit = Commit(self.number, group.changes, group.sent)
            self.stats.commits += 1
            self.stats.last_commit_seconds = time.monotonic() - began
        if self._sync is None:
            self._tell(self._outcomes.deliver, commit, group.done, group.calls)
            return
        self._tell(self._outcomes.deliver, commit, [], group.calls)
        self._sync.put(group.done, committed=commit is not None)

    def _kept(self, jobs: list[Job]) -> None:
        """On the thread that waits for the disk."""
        self._tell(self._outcomes.deliver, None, jobs, [])

    def _after_loss(self, jobs: list[Job], lost: GroupLost) -> None:
        """The transaction is gone: through a cause all fail with it, else the blameless run again."""
        if lost.cause is not None:
            self._fail(jobs, lost.cause)
            return
        blamed = [job for job in jobs if job.error is not None or job.runs >= _RUNS]
        for job in blamed:
            job.error = job.error or StoreUnavailable("the transaction was lost several times: try again")
        self._queue.put_back([job for job in jobs if job not in blamed])
        self._tell(self._outcomes.deliver, None, blamed, [])

    def _fail(self, jobs: list[Job], error: BaseException) -> None:
        """All of them fail, and whatever else waits: it would meet the same, 5 s later each."""
        cause = error if isinstance(error, StoreUnavailable) else cause_of(error, "writing")
        if cause is None:
            cause = StoreUnavailable(f"the database cannot be written: {error!r}")
            cause.__cause__ = error
        log.error("transaction failed: jobs=%d error=%s", len(jobs), cause)
        jobs = [*jobs, *self._queue.take_all()]
        for job in jobs:
            job.error = cause
        self._tell(self._outcomes.deliver, None, jobs, [])

    def _roll_back(self) -> None:
        self._guard.owner = HOST
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            log.warning("the writing connection cannot roll back and is opened again")
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            with contextlib.suppress(sqlite3.Error, OperatorError):
                self._reopen()
                self._watch.interrupts(self._connection.interrupt)

    # -- the event loop --------------------------------------------------------------------------

    def _tell(self, call: Callable[..., None], *args: Any) -> None:
        assert self._loop is not None
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(call, *args)

    def _settle_open(self, error: Exception | None) -> None:
        assert self._opened is not None
        assert self._ended is not None
        if self._opened.done():  # whoever waited for it was cancelled
            return
        if error is None:
            self._opened.set_result(None)
        else:
            self._opened.set_exception(error)
            self._ended.set_result(None)

    def _settle_end(self) -> None:
        assert self._ended is not None
        self._ended.set_result(None)


def _opening(error: BaseException, location: Location) -> Exception:
    if isinstance(error, sqlite3.Error):
        return refuse(error, location.path, "opening it")
    return error if isinstance(error, Exception) else PluginError(repr(error))


def _end_nothing(owner: str) -> None:
    log.critical("%s does not give back the writer thread of the database", owner)
