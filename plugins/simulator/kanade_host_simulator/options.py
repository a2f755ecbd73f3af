"""What a simulated fleet is made with."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Odds:
    """Probabilities of what goes wrong in a real fleet, each from 0 to 1.

    Per message: `late` (up to a minute), `doubled`, `out_of_order` (overtaken by the next of its
    kind, a started event by its result), `malformed` (a broken copy goes out beside the good one).
    Per run: `oversized` (output beyond 256 KiB), `failures` (exit code not 0).
    Per PC: `clock_skew` (its clock is wrong by minutes to days), `offline` (the share of the fleet
    that is away at any moment).
    """

    late: float = 0.0
    doubled: float = 0.0
    out_of_order: float = 0.0
    malformed: float = 0.0
    oversized: float = 0.0
    clock_skew: float = 0.0
    failures: float = 0.03
    offline: float = 0.01

    @property
    def any_per_message(self) -> bool:
        return bool(self.late or self.doubled or self.out_of_order or self.malformed)


@dataclass(frozen=True, slots=True)
class FleetOptions:
    """`seed` decides names, machines, outcomes and mishaps; the same seed gives the same fleet.

    `rate` divides the intervals of heartbeats and samples. `replay`: how many agents read a durable
    `agent_replay_<id>` of their own, as real ones do; each costs the broker, and those beyond read
    what they missed by direct requests. `longest_run` in seconds bounds the made-up durations.
    """

    agents: int = 10
    seed: int = 1
    prefix: str = ""
    rate: float = 1.0
    groups: bool = False
    replay: int = 50
    events_per_hour: float = 2.0
    longest_run: float = 5.0
    odds: Odds = field(default_factory=Odds)
