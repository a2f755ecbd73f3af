"""What a tick does: pure decisions (`contract/scheduler.md` 8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kanade_host.plugin import Instant
from kanade_host_scheduler.schedule import Mode


@dataclass(frozen=True, slots=True)
class Policy:
    """How a schedule repeats itself. `cooldown`: nanoseconds; None never re-arms."""

    mode: Mode
    cooldown: int | None = None
    auto_disable: bool = False


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing goes out. `disable`: the schedule has done its work."""

    reason: str
    disable: bool = False


@dataclass(frozen=True, slots=True)
class FireWholeTarget:
    """The stored plan goes out."""

    reason: str


@dataclass(frozen=True, slots=True)
class FirePcs:
    """Only these PCs get it, without waves."""

    pcs: tuple[str, ...]
    reason: str


Decision = Skip | FireWholeTarget | FirePcs


def decide(
    policy: Policy, expected: Sequence[str], successes: Mapping[str, Instant], now: Instant
) -> Decision:
    """`expected`: who should have it; `successes`: each PC's newest success of the job."""
    if policy.mode == "every_tick":
        return FireWholeTarget("fires at every tick")
    if not expected:
        return Skip("nobody is expected: no addressed PC is alive")
    if policy.mode == "once_per_pc":
        return _per_pc(policy, expected, successes, now)
    return _per_target(policy, expected, successes, now)


def _per_pc(
    policy: Policy, expected: Sequence[str], successes: Mapping[str, Instant], now: Instant
) -> Decision:
    never = [pc_id for pc_id in expected if pc_id not in successes]
    armed = [pc_id for pc_id in expected if pc_id not in successes or _armed(policy, successes[pc_id], now)]
    if armed:
        again = len(armed) - len(never)
        said = f"{len(never)} of {len(expected)} PCs without a success"
        return FirePcs(tuple(armed), said + (f", {again} past the cooldown" if again else ""))
    done = policy.cooldown is None
    return Skip(
        f"all {len(expected)} expected PCs have succeeded" + ("" if done else " within the cooldown"),
        disable=done and policy.auto_disable,
    )


def _per_target(
    policy: Policy, expected: Sequence[str], successes: Mapping[str, Instant], now: Instant
) -> Decision:
    latest = max((successes[pc_id] for pc_id in expected if pc_id in successes), default=None)
    if latest is None:
        return FireWholeTarget(f"none of {len(expected)} expected PCs has succeeded")
    if _armed(policy, latest, now):
        return FireWholeTarget("the newest success is past the cooldown")
    done = policy.cooldown is None
    return Skip(
        "an expected PC has succeeded" + ("" if done else " within the cooldown"),
        disable=done and policy.auto_disable,
    )


def _armed(policy: Policy, success: Instant, now: Instant) -> bool:
    """Whether a success is old enough; exactly the cooldown is."""
    return policy.cooldown is not None and now.ns - success.ns >= policy.cooldown
