"""What the results plugin offers others: firing, killing and counting executions.

Ask for it as `ctx.service("results.executions", Executions)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from kanade_host.plugin import Caller, Instant

SERVICE = "results.executions"


class Command(msgspec.Struct, frozen=True):
    """One message to publish. `pc_ids`: whom it is expected to reach (for `commands.all`: all known agents).

    A command to one PC has the subject `commands.pc.<that PC>`.
    """

    subject: str
    body: bytes
    request_id: str
    pc_ids: tuple[str, ...]


class Batch(msgspec.Struct, frozen=True):
    """So many of a fire's commands, in order, go out together. `due`: not before then; None: at once.

    Without `due` a batch goes when the pause after the one before is over.
    """

    commands: int
    due: Instant | None = None


class StopAt(msgspec.Struct, frozen=True):
    """How many targets may fail or time out before no further batch goes: a number, or percent of those
    whose batch has gone.
    """

    count: int | None = None
    percent: float | None = None

    def reached(self, failed: int, sent: int) -> bool:
        """Whether `failed` of `sent` targets are too many."""
        if self.count is not None and failed >= self.count:
            return True
        return self.percent is not None and failed > 0 and failed * 100 >= self.percent * sent


class Fire(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of a job, with everything that goes out for it.

    - `expected`: the PCs whose end is waited for, each once; none: upstream's rule by `target_count`.
    - `deadline_at`: as the commands carry it; targets that have not begun by then expire.
    - `supersedes`: an earlier execution whose undelivered targets this one replaces.
    - `audit`: payload of the audit action `exec`, whose target is `job_id` and actor `initiated_by`.
    - `rerun_of`: the execution whose targets this one repeats.
    - `batches`: what goes out together, in the order of the commands; empty: all at once. With `pause_secs`
      the first goes at once and each later one that long after the one before; without, each by its `due`.
      Whoever offers the fire sends them (`send_batch`) or stops them.
    - `stop_at`: when the later batches do not go.
    """

    exec_id: str
    job_id: str
    version: str
    initiated_by: str
    target_count: int
    commands: tuple[Command, ...]
    expected: tuple[str, ...]
    deadline_at: Instant | None = None
    supersedes: str | None = None
    audit: Mapping[str, Any]
    caller: Caller | None = None
    batches: tuple[Batch, ...] = ()
    pause_secs: float | None = None
    stop_at: StopAt = StopAt()
    rerun_of: str | None = None


class OpenBatch(msgspec.Struct, frozen=True):
    """A batch that has neither gone nor been stopped, with how its execution stands.

    `due` None: the one before has not gone. `failed` of the `sent` targets failed or timed out.
    """

    exec_id: str
    job_id: str
    number: int
    due: Instant | None
    failed: int
    sent: int
    stop_at: StopAt


class Past(msgspec.Struct, frozen=True):
    """An execution, looked back at. `pcs`: by state, in byte order.

    A target that ended without a result is also under `not_started`. Of an execution whose targets were not
    recorded, the PCs are those that sent results.
    """

    exec_id: str
    job_id: str
    version: str
    ended: bool
    pcs: Mapping[str, list[str]]


class Hold(msgspec.Struct, frozen=True):
    """All commands are held since then, and why."""

    since: Instant
    by: str
    reason: str


class Executions(Protocol):
    """The service `results.executions`.

    A pair is `(subject, request_id)` of a command that was sent and may still lie in the stream EXEC
    although nobody may get it any more. All pairs that `kill`, `revoke`, a superseding fire or an expiry
    make are kept in the database until `gone` names them (or 7 days have passed), so whoever deletes
    them from the stream may crash at any moment: `unwanted` lists them again.
    """

    async def fire(self, fire: Fire) -> None:
        """Record and promise an execution: all of it or nothing, whatever dies when.

        Row, targets, commands (outbox ids `command-<request_id>`) and the audit record. An `exec_id`
        that is recorded already changes nothing. Nobody to publish to: a row that is `completed`.
        """
        ...

    async def live_counts(self) -> dict[str, tuple[int, int]]:
        """Job -> (running, pending), for jobs that have either."""
        ...

    async def open_executions(self, job_id: str) -> list[str]:
        """The executions of a job that have something to kill, oldest first.

        Those that are pending or running, those that expired while a broadcast may still be delivered,
        and those of unfinished result rows (agents' own schedules have no execution row).
        """
        ...

    async def all_open(self) -> list[str]:
        """The same of all jobs."""
        ...

    async def exists(self, exec_id: str) -> bool:
        """Whether anything is known of it: a row, or results (agents' own schedules have no row)."""
        ...

    async def past(self, exec_id: str) -> Past | None:
        """What came of each target. None: there is no such execution."""
        ...

    async def kill(self, exec_ids: Sequence[str], caller: Caller | None) -> list[tuple[str, str]]:
        """Withdraw what is not sent, send `kill.<exec_id>`, end the waiting targets as `killed`, audit.

        Answers the pairs to delete from EXEC. An id without an execution row is killed all the same.
        """
        ...

    async def open_batches(self) -> list[OpenBatch]:
        """All of them, by execution and number."""
        ...

    async def batch_pcs(self, exec_id: str, number: int) -> list[str]:
        """The PCs of one batch."""
        ...

    async def send_batch(self, exec_id: str, number: int) -> bool:
        """Let a batch go, for good: what is staged of it moves to the outbox. False: it is open no more."""
        ...

    async def stop_batches(self, exec_id: str, reason: str, caller: Caller | None) -> bool:
        """No further batch goes; audit `execution_stop`. False: none was open.

        What nobody has received of the earlier ones is taken back too; all of these targets are `skipped`.
        """
        ...

    async def clear(self, reason: str, caller: Caller | None) -> tuple[int, int]:
        """Take back every command that nobody has received, of all executions; audit `emergency_clear`.

        Its targets are `killed` with the reason. Answers how many executions and how many targets.
        """
        ...

    async def hold(self, reason: str, caller: Caller) -> Hold:
        """From the commit on no command goes out, of any fire, wave or batch; audit `emergency_pause`.

        Held already: the earlier hold stays, and is answered. It survives restarts.
        """
        ...

    async def resume(self, caller: Caller) -> Hold | None:
        """Let commands go again; audit `emergency_resume`. Answers what was ended, None: nothing was held."""
        ...

    async def held(self) -> Hold | None:
        """The hold that is in force."""
        ...

    async def revoke(self, job_id: str) -> list[tuple[str, str]]:
        """Withdraw a job's undelivered commands, leaving alone what runs: waiting targets are `skipped`."""
        ...

    async def waiting(self, job_id: str) -> list[tuple[str, str]]:
        """Pairs of a job's commands whose targets have neither begun nor ended; changes nothing."""
        ...

    async def unwanted(self, limit: int = 500) -> list[tuple[str, str]]:
        """Pairs that have to go from EXEC, oldest first."""
        ...

    async def gone(self, request_ids: Sequence[str]) -> None:
        """These commands are in EXEC no more."""
        ...

    async def recent(self, since: Instant) -> tuple[int, int]:
        """(all, failed) result rows that were recorded at `since` or later; unfinished ones did not fail."""
        ...

    async def last_success(self, job_id: str) -> dict[str, Instant]:
        """pc_id -> its newest success of the job (exit code 0), by the agent's clock. No age limit."""
        ...
