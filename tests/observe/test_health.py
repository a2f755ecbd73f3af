"""Readiness by reasons."""

from __future__ import annotations

from kanade_host.observe.health import Health
from kanade_host.plugin.instants import Instant


class Ticking:
    def __init__(self) -> None:
        self.seconds = 0

    def now(self) -> Instant:
        self.seconds += 1
        return Instant.from_ns(self.seconds * 10**9)


def test_ready_until_somebody_names_a_reason() -> None:
    told: list[bool] = []
    health = Health(Ticking(), lambda: told.append(True))
    assert health.ready
    health.note("broker", "not connected")
    assert not health.ready
    health.note("broker", None)
    health.note("broker", None)
    assert health.ready
    assert len(told) == 2


def test_what_does_not_block_is_only_shown() -> None:
    health = Health(Ticking())
    health.note("a plugin", "degraded", blocking=False)
    health.note("store", "busy")
    health.note("broker", "away")
    assert [reason.part for reason in health.reasons] == ["broker", "store", "a plugin"]
    health.note("store", None)
    health.note("broker", None)
    assert health.ready


def test_since_is_of_the_first_note() -> None:
    health = Health(Ticking())
    health.note("broker", "away")
    health.note("broker", "away, still")
    (reason,) = health.reasons
    assert (reason.text, reason.since) == ("away, still", Instant.from_ns(10**9))


def test_the_dead_stay_dead_for_the_first_reason() -> None:
    health = Health(Ticking())
    health.die("the writer is stuck")
    health.die("another")
    assert (health.alive, health.ready, health.dead_because) == (False, False, "the writer is stuck")
