"""One simulated agent: what it remembers."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from kanade_host.plugin import Instant
from kanade_host_simulator.dice import dice
from kanade_host_simulator.machine import Machine
from kanade_host_simulator.options import FleetOptions

REMEMBERED_REQUESTS = 1024


@dataclass(slots=True)
class Agent:
    """`skew` in seconds; `away_at` is the last sequence of EXEC that it may have seen."""

    machine: Machine
    skew: float = 0.0
    online: bool = True
    back_at: float = 0.0
    away_at: int | None = None
    beats: int = 0
    samples: int = 0
    events: int = 0
    sent: int = 0
    running: int = 0
    disk_read: int = 0
    disk_written: int = 0
    heartbeat_every: float = 30.0
    sample_every: float = 60.0
    beat_turn: int = 0
    sample_turn: int = 0
    replays: bool = False
    runs_of: dict[str, int] = field(default_factory=dict)
    _requests: dict[str, None] = field(default_factory=dict)

    @property
    def pc_id(self) -> str:
        return self.machine.pc_id

    def now(self) -> Instant:
        """What this PC's clock says."""
        return Instant.from_ns(time.time_ns() + round(self.skew * 1e9))

    def is_new(self, request_id: str) -> bool:
        """Whether a command is to be handled; the last 1,024 are remembered (`contract/wire.md` 6)."""
        if request_id in self._requests:
            return False
        self._requests[request_id] = None
        if len(self._requests) > REMEMBERED_REQUESTS:
            del self._requests[next(iter(self._requests))]
        return True

    def next_run(self, manifest_id: str) -> int:
        """How many runs of that job there were before."""
        number = self.runs_of.get(manifest_id, 0)
        self.runs_of[manifest_id] = number + 1
        return number


def make_agent(options: FleetOptions, machine: Machine, number: int) -> Agent:
    """An agent of the fleet, with a wrong clock where the dice say so."""
    rolls = dice(options.seed, machine.pc_id, "clock")
    skew = 0.0
    if rolls.random() < options.odds.clock_skew:
        skew = rolls.choice((-1, 1)) * rolls.choice((90.0, 600.0, 7200.0, 172_800.0))
    return Agent(machine, skew=skew, replays=number <= options.replay)
