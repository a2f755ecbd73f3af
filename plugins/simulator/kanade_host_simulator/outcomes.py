"""What a script "does". Nothing is executed: a few forms are read, the rest is made up by the dice."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kanade_host.plugin import encode
from kanade_host_simulator.agent import Agent
from kanade_host_simulator.dice import dice
from kanade_host_simulator.inventory import inventory
from kanade_host_simulator.messages import Command, Inventory
from kanade_host_simulator.options import FleetOptions

INLINE_BYTES = 262_144
_ECHO = re.compile(r"(?:echo|Write-Output|Write-Host)\s+(.*)", re.IGNORECASE)
_EXIT = re.compile(r"exit(?:\s+/b)?\s+(-?\d{1,9})", re.IGNORECASE)
_SLEEP = re.compile(
    r"(?:sleep|Start-Sleep(?:\s+-s(?:econds)?)?|timeout\s+/t)\s+(\d{1,6}(?:\.\d+)?)\b.*", re.IGNORECASE
)
_ERRORS = (
    "Access is denied.",
    "The network path was not found.",
    "The process cannot access the file because it is being used by another process.",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`seconds` is how long it runs when nothing stops it."""

    exit_code: int
    stdout: str
    stderr: str
    seconds: float


def outcome_of(
    options: FleetOptions, agent: Agent, command: Command, script: str, wanted: Inventory | None
) -> Outcome:
    """The same for the same seed, PC, job and number of its run."""
    run = agent.next_run(command.id)
    rolls = dice(options.seed, agent.pc_id, "run", command.id, run)
    seconds = rolls.uniform(0.05, 1.0) ** 2 * options.longest_run
    read = _read(script)
    if read is not None:
        lines, code, slept = read
        return Outcome(code, _oversized(options, rolls.random(), "".join(lines)), "", slept or seconds)
    if rolls.random() < options.odds.failures:
        return Outcome(rolls.choice((1, 1, 2, 5, 1603)), "", rolls.choice(_ERRORS) + "\r\n", seconds)
    if wanted is not None:
        return Outcome(0, encode(inventory(agent.machine, wanted, options.seed, run)).decode(), "", seconds)
    if command.emit is not None:
        return Outcome(0, _events(agent, command, run), "", seconds)
    stdout = (
        f"{agent.pc_id}: {command.id} {command.version} done, {rolls.randrange(1, 400)} items checked\r\n"
    )
    return Outcome(0, _oversized(options, rolls.random(), stdout), "", seconds)


def _read(script: str) -> tuple[list[str], int, float] | None:
    """Output lines, exit code and seconds of a script of simple lines; None when a line is anything else."""
    lines: list[str] = []
    code, seconds, known = 0, 0.0, False
    for line in (one.strip() for one in script.splitlines()):
        if not line or line.startswith(("#", "REM ", "@echo off")):
            continue
        known = True
        if found := _ECHO.fullmatch(line):
            lines.append(found[1].strip().strip("\"'") + "\r\n")
        elif found := _SLEEP.fullmatch(line):
            seconds += float(found[1])
        elif found := _EXIT.fullmatch(line):
            code = max(-(2**31), min(2**31 - 1, int(found[1])))
            break
        else:
            return None
    return (lines, code, seconds) if known else None


def _oversized(options: FleetOptions, roll: float, stdout: str) -> str:
    """Blown up beyond what goes inline, now and then."""
    if roll >= options.odds.oversized:
        return stdout
    line = (stdout.strip() or "nothing") + "\r\n"
    size = INLINE_BYTES + 1 + int(roll / options.odds.oversized * 1_000_000)
    return line * (size // len(line.encode()) + 1)


def _events(agent: Agent, command: Command, run: int) -> str:
    """Lines that the agent forwards as events (`emit`)."""
    event = {
        "pc_id": agent.pc_id,
        "at": agent.now().wire,
        "kind": "diagnostic",
        "source": f"script:{command.id}",
        "event_record_id": f"{command.request_id}-{run}",
        "payload": {"items": run},
    }
    return encode(event).decode() + "\n"
