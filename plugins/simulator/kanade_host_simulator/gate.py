"""What a command meets before it runs (`contract/wire.md` 11), and the results of those that do not."""

from __future__ import annotations

from dataclasses import dataclass

from kanade_host.plugin import Instant
from kanade_host_simulator.messages import Command


@dataclass(frozen=True, slots=True)
class Skip:
    """The command does not run; a result says so."""

    exit_code: int
    stderr: str


@dataclass(frozen=True, slots=True)
class Pins:
    """What the buckets say about a job; None = nothing, or they could not be read: that passes."""

    current: str | None = None
    status: str | None = None


def check(command: Command, pins: Pins, now: Instant) -> Skip | None:
    """In the agent's order: version pin, revocation, deadline."""
    if pins.current is not None and pins.current != command.version:
        return Skip(
            124,
            f"skipped: version-pin mismatch — script_current[{command.id}] = {pins.current},"
            f" command brought {command.version}",
        )
    if pins.status == "REVOKED":
        return Skip(126, f"skipped: command was revoked (script_status[{command.id}] = revoked)")
    deadline = command.deadline_at
    if deadline is not None and deadline < now:
        late = int(now - deadline)
        return Skip(
            125,
            f"skipped: starting deadline expired {late}s ago (deadline {deadline.wire}, received {now.wire})",
        )
    return None
