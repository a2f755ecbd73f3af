"""Who a fire reaches: the plan's target or waves, as subjects and expected PCs.

Groups are expanded when the job is fired, because agents run group commands without looking at their
membership; `all` stays one message (`contract/http-jobs.md` 2.4, decided).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kanade_host.plugin import BadDuration, HttpError, parse_duration
from kanade_host_jobs import subjects
from kanade_host_jobs.api import FanoutPlan, Wave

NOTHING = "target must specify at least one of `all` / `groups` / `pcs` (or set `rollout.waves`)"

MAX_DELAY = 100 * 31_557_600 * 10**9
"""Nanoseconds; what lies beyond has no date that can be written down."""


MOST_GROUPS = 1_000
"""Of one fire, and waves likewise: each is looked up in the fleet; 100,000 took most of a minute."""


@dataclass(frozen=True, slots=True)
class Addressed:
    """One message: its subject, whom it is expected to reach, and its delay in nanoseconds."""

    subject: str
    pc_ids: tuple[str, ...]
    delay: int = 0


@dataclass(frozen=True, slots=True)
class Addressing:
    """All messages of one fire. `expected`: the PCs that are to end it, each once.

    `groups`: how many members each named group has. `named`: how often PCs were named, repeats included.
    `waves`: how many of the messages each wave has, and its delay.
    """

    messages: tuple[Addressed, ...]
    expected: tuple[str, ...]
    groups: Mapping[str, int] = field(default_factory=dict)
    named: int = 0
    waves: tuple[tuple[int, int], ...] = ()

    @property
    def empty(self) -> list[str]:
        """Named groups without members; most often a slip of the pen."""
        return [name for name, members in self.groups.items() if not members]

    @property
    def subjects(self) -> list[str]:
        """What is published, in order; it is also upstream's count."""
        return [message.subject for message in self.messages]


@dataclass(frozen=True, slots=True)
class Fleet:
    """Who there is. `members` is None where no plugin knows groups."""

    known: Callable[[], Awaitable[list[str]]]
    members: Callable[[str], Awaitable[list[str]]] | None


def waves_of(plan: FanoutPlan) -> Sequence[Wave]:
    """The waves; an empty list is no rollout."""
    return plan.rollout.waves if plan.rollout is not None else ()


def check_specified(plan: FanoutPlan) -> None:
    """Step 2 of the pipeline. Raises `HttpError` 400."""
    target = plan.target
    if not (waves_of(plan) or target.all or target.groups or target.pcs):
        raise HttpError(400, NOTHING)
    for where, count in (("rollout.waves", len(waves_of(plan))), ("target.groups", len(target.groups))):
        if count > MOST_GROUPS:
            raise HttpError(400, f"{where}: {count} are too many, at most {MOST_GROUPS}; nothing was sent")


def check_names(plan: FanoutPlan) -> None:
    """Refuse PCs that can be no part of a subject. Raises `HttpError` 400."""
    if waves_of(plan):
        return
    for i, pc_id in enumerate(plan.target.pcs):
        if not subjects.usable(pc_id):
            raise _unusable(f"target.pcs[{i}]", pc_id)


def delays(plan: FanoutPlan) -> list[int]:
    """The waves' delays in nanoseconds, all checked before anything is written. Raises `HttpError` 400."""
    found = []
    for i, wave in enumerate(waves_of(plan)):
        try:
            delay = parse_duration(wave.delay)
        except BadDuration as error:
            raise HttpError(400, f"invalid rollout.waves[{i}].delay: {error}") from None
        if delay > MAX_DELAY:
            raise HttpError(400, f"invalid rollout.waves[{i}].delay: more than a hundred years")
        found.append(delay)
    return found


async def address(plan: FanoutPlan, fleet: Fleet, *, upstream: bool) -> Addressing:
    """Resolve a plan; one with batches names each PC, since each batch is to reach its own.

    Raises `HttpError` 400 for unusable names, 503 where groups cannot be resolved.
    """
    if upstream and plan.batches is None:
        return _as_upstream(plan)
    groups: dict[str, int] = {}
    return replace(await _resolved(plan, _noting(fleet, groups)), groups=groups)


def _noting(fleet: Fleet, groups: dict[str, int]) -> Fleet:
    """The same fleet, which notes the groups that are asked for."""
    ask = fleet.members
    if ask is None:
        return fleet

    async def members(group: str) -> list[str]:
        found = await ask(group)
        groups[group] = len(found)
        return found

    return replace(fleet, members=members)


async def _resolved(plan: FanoutPlan, fleet: Fleet) -> Addressing:
    if waves_of(plan):
        return await _in_waves(plan, fleet)
    target = plan.target
    if target.all:
        named = [*await fleet.known(), *await _listed(plan, fleet, needed=False)]
        everyone = _once(named)
        if plan.batches is not None:
            everyone = tuple(pc_id for pc_id in everyone if subjects.usable(pc_id))
            return Addressing(tuple(_to_pcs(everyone, 0)), everyone, named=len(named))
        return Addressing((Addressed(subjects.ALL, everyone),), everyone, named=len(named))
    named = await _listed(plan, fleet, needed=True)
    everyone = _once(named)
    return Addressing(tuple(_to_pcs(everyone, 0)), everyone, named=len(named))


async def _listed(plan: FanoutPlan, fleet: Fleet, *, needed: bool) -> list[str]:
    """Members of the groups in the order of the list, then the PCs; repeats included."""
    found: list[str] = []
    if needed or fleet.members is not None:
        for i, group in enumerate(plan.target.groups):
            found += await _members(fleet, group, f"target.groups[{i}]")
    return found + plan.target.pcs


async def _in_waves(plan: FanoutPlan, fleet: Fleet) -> Addressing:
    """A PC that is in several waves goes with its first."""
    messages: list[Addressed] = []
    seen: set[str] = set()
    named = 0
    sizes: list[tuple[int, int]] = []
    for i, (wave, delay) in enumerate(zip(waves_of(plan), delays(plan), strict=True)):
        members = await _members(fleet, wave.group, f"rollout.waves[{i}].group")
        named += len(members)
        fresh = [pc_id for pc_id in _once(members) if pc_id not in seen]
        seen.update(fresh)
        sizes.append((len(fresh), delay))
        messages += _to_pcs(fresh, delay)
    everyone = tuple(pc_id for message in messages for pc_id in message.pc_ids)
    return Addressing(tuple(messages), everyone, named=named, waves=tuple(sizes))


async def _members(fleet: Fleet, group: str, where: str) -> list[str]:
    if fleet.members is None:
        raise HttpError(
            503,
            "groups cannot be resolved: the fleet plugin is off; switch it on, or name the PCs themselves",
        )
    members = await fleet.members(group)
    if not members and not subjects.usable(group):
        raise _unusable(where, group)
    return [pc_id for pc_id in members if subjects.usable(pc_id)]


def _to_pcs(pc_ids: Iterable[str], delay: int) -> Iterator[Addressed]:
    for pc_id in pc_ids:
        yield Addressed(subjects.of_pc(pc_id), (pc_id,), delay)


def _as_upstream(plan: FanoutPlan) -> Addressing:
    """Upstream's subjects, repeats kept, and nobody expected: its rules then count subjects."""
    if waves_of(plan):
        names = [(wave.group, f"rollout.waves[{i}].group") for i, wave in enumerate(waves_of(plan))]
        found = [subjects.of_group(name) for name, _ in names]
        late = delays(plan)
    else:
        target = plan.target
        names = [(name, f"target.groups[{i}]") for i, name in enumerate(target.groups)]
        found = [subjects.ALL] if target.all else []
        found += [subjects.of_group(name) for name in target.groups]
        found += [subjects.of_pc(pc_id) for pc_id in target.pcs]
        late = [0] * len(found)
    for name, where in names:
        if not subjects.usable(name):
            raise _unusable(where, name)
    messages = tuple(Addressed(one, (), delay) for one, delay in zip(found, late, strict=True))
    return Addressing(messages, (), waves=tuple((1, delay) for delay in late) if waves_of(plan) else ())


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _unusable(where: str, name: str) -> HttpError:
    return HttpError(
        400,
        f'{where}: "{name}" can be no part of a subject: it is empty, too long, has an empty part between '
        "dots, or holds whitespace, `*` or `>`; nothing was sent",
    )
