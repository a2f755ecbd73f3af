"""The result of a run, as agents publish it."""

from __future__ import annotations

import uuid

import msgspec

from kanade_host.plugin import Instant
from kanade_host_simulator.agent import Agent
from kanade_host_simulator.messages import Command
from kanade_host_simulator.outcomes import Outcome


class Result(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`contract/wire.md` 7.2."""

    result_id: str
    request_id: str
    exec_id: str | None = None
    pc_id: str
    exit_code: int
    stdout: str
    stderr: str
    started_at: Instant
    finished_at: Instant
    stdout_object: str | None = None
    manifest_id: str


def new_result(agent: Agent, command: Command) -> Result:
    """A result that begins, and so far also ends, now."""
    now = agent.now()
    return Result(
        # Derived: the same command on the same PC is the same run, in whichever process.
        result_id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{command.request_id}:{agent.pc_id}")),
        request_id=command.request_id,
        exec_id=command.execution,
        pc_id=agent.pc_id,
        exit_code=0,
        stdout="",
        stderr="",
        started_at=now,
        finished_at=now,
        manifest_id=command.id,
    )


def fill(result: Result, command: Command, outcome: Outcome, *, killed: bool) -> None:
    """Put in what came out, or what ended the run before its time (`contract/wire.md` 7.2.1)."""
    result.exit_code, result.stdout, result.stderr = outcome.exit_code, outcome.stdout, outcome.stderr
    ended = None
    if killed:
        ended = f"killed by remote signal (kill.{command.execution})"
    elif outcome.seconds > max(1, command.timeout_secs):
        ended = f"timeout after {command.timeout_secs}s"
    if ended is not None:
        result.exit_code, result.stdout = -1, ""
        result.stderr = f"{result.stderr}\n{ended}" if result.stderr else ended
