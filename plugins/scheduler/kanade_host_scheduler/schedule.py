"""A schedule: its type, its stored form, and what is refused when it is saved.

`contract/manifest.md` 4, 5, 7. Three keys are ours, `time_zone`, `on_missed` and `batches`: agents ignore
keys that they do not know, and all are left out of what is stored where they are not given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from kanade_host_jobs.api import Batches, FanoutPlan, Rollout, Target

from kanade_host.plugin import (
    BadDuration,
    BadJson,
    BadShape,
    HttpError,
    Instant,
    decode,
    encode,
    parse_duration,
)
from kanade_host.plugin.yaml import BadYaml, Document, check_key, dump_yaml, read_document, read_yaml
from kanade_host_scheduler.cron import BadCron, Cron, parsed
from kanade_host_scheduler.zones import BadZone, Zone, zone

FLAT = ("target", "rollout", "jitter", "deadline_at")
MAX_COOLDOWN_SECONDS = 9_223_372_036_854_775
Mode = Literal["every_tick", "once_per_pc", "once_per_target"]


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """One schedule, its keys in stored order."""

    id: str
    cron: str
    job_id: str
    target: Target = Target()
    rollout: Rollout | None = None
    jitter: str | None = None
    deadline_at: Instant | None = None
    mode: Mode = "every_tick"
    cooldown: str | None = None
    auto_disable_when_done: bool = False
    starting_deadline: str | None = None
    runs_on: Literal["backend", "agent"] = "backend"
    enabled: bool = True
    time_zone: str | None = None
    on_missed: Literal["skip", "run_once"] | None = None
    batches: Batches | None = None

    @property
    def plan(self) -> FanoutPlan:
        """Where it goes; a stored `deadline_at` has no effect (`contract/manifest.md` 4)."""
        return FanoutPlan(target=self.target, rollout=self.rollout, jitter=self.jitter, batches=self.batches)

    @property
    def waves(self) -> bool:
        """Whether it goes out in waves; an empty list is no rollout."""
        return self.rollout is not None and bool(self.rollout.waves)

    @property
    def at_once(self) -> bool:
        """Whether all of it goes out at once."""
        return not self.waves and self.batches is None


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When a schedule ticks: the expression, and the wall clock that it is read on (None: UTC)."""

    cron: Cron
    zone: Zone | None

    @classmethod
    def of(cls, schedule: Schedule) -> Rhythm:
        """Raises `BadCron`, `BadZone`."""
        return cls.read(schedule.cron, schedule.time_zone)

    @classmethod
    def read(cls, cron: str, time_zone: str | None) -> Rhythm:
        """Raises `BadCron`, `BadZone`."""
        return cls(parsed(cron), None if time_zone is None else zone(time_zone))

    def after(self, moment: Instant) -> Instant | None:
        return self.cron.after(moment, self.zone)

    def next(self, moment: Instant, count: int) -> list[Instant]:
        return self.cron.next(moment, count, self.zone)

    @property
    def text(self) -> str:
        """What tells this rhythm from another, as it is kept beside the next tick."""
        return self.cron.text if self.zone is None else f"{self.cron.text} ({self.zone.name})"


# -- forms -------------------------------------------------------------------------------------


def plain(schedule: Schedule) -> dict[str, Any]:
    """The stored form as plain values: keys without a value are left out."""
    tree = {name: getattr(schedule, name) for name in Schedule.__struct_fields__}
    return {key: _builtin(value) for key, value in tree.items() if value is not None}


def _builtin(value: Any) -> Any:
    if isinstance(value, Instant):
        return value.wire
    return msgspec.to_builtins(value) if isinstance(value, msgspec.Struct) else value


def stored(schedule: Schedule) -> bytes:
    """The value of the bucket `schedules`, which agents read."""
    return encode(plain(schedule))


def dumped(schedule: Schedule) -> str:
    """The generated YAML mirror."""
    return dump_yaml(plain(schedule))


def read_entry(key: str, value: bytes | None) -> Schedule:
    """What a bucket's entry means. Raises `BadJson`, `BadShape` (also for an id that is not its key)."""
    found = decode(Schedule, value or b"")
    if found.id != key:
        raise BadShape(f"the entry under the key `{key}` says that its id is `{found.id}`")
    return found


def decode_body(content_type: str | None, body: bytes) -> Document[Schedule]:
    """What `POST /api/schedules` was sent. Raises `HttpError` 400."""
    return read_document(Schedule, content_type, body, buffered=FLAT)


def read_mirror(text: str) -> Schedule | None:
    """The schedule that a mirror's YAML text means, or None where it does not decode."""
    try:
        return read_yaml(Schedule, text, FLAT)[0]
    except BadYaml:
        return None


# -- rules -------------------------------------------------------------------------------------


def check_saved(schedule: Schedule) -> Rhythm:
    """What can never work is refused when it is saved (`contract/manifest.md` 7). Raises `HttpError` 400."""
    check_key(schedule.id)
    try:
        rhythm = Rhythm.of(schedule)
    except BadCron as error:
        raise HttpError(400, f"cron: {error}") from None
    except BadZone as error:
        raise HttpError(400, str(error)) from None
    for name in ("jitter", "cooldown", "starting_deadline"):
        _check_duration(name, getattr(schedule, name))
    for place, wave in enumerate(schedule.rollout.waves if schedule.rollout else ()):
        _check_duration(f"rollout.waves[{place}].delay", wave.delay)
    target = schedule.target
    if not (schedule.waves or target.all or target.groups or target.pcs):
        raise HttpError(
            400, "target must specify at least one of `all` / `groups` / `pcs` (or set `rollout.waves`)"
        )
    if schedule.runs_on == "agent" and schedule.batches is not None:
        raise HttpError(400, "batches: agents know none; leave them out, or set `runs_on: backend`")
    if schedule.runs_on == "agent" and schedule.time_zone is not None:
        raise HttpError(400, "time_zone: agents read cron in UTC; leave it out, or set `runs_on: backend`")
    if schedule.runs_on == "agent" and schedule.on_missed == "run_once":
        raise HttpError(400, "on_missed: agents never catch up; leave it out, or set `runs_on: backend`")
    return rhythm


def _check_duration(name: str, text: str | None) -> None:
    if text is None:
        return
    try:
        if parse_duration(text) > MAX_COOLDOWN_SECONDS * 10**9 and name in ("cooldown", "starting_deadline"):
            raise BadDuration(f"more than {MAX_COOLDOWN_SECONDS} seconds")
    except BadDuration as error:
        raise HttpError(400, f"{name}: {error}") from None


def warnings(document: Document[Schedule], rhythm: Rhythm, now: Instant) -> list[str]:
    """What may work and may not be what was meant."""
    schedule = document.value
    found = [f"{key}: unknown key, ignored" for key in document.ignored]
    if rhythm.after(now) is None:
        found.append(f"cron: `{schedule.cron}` never ticks again")
    if schedule.deadline_at is not None:
        found.append("deadline_at: has no effect in a schedule; use `starting_deadline`")
    if schedule.runs_on == "agent" and schedule.waves:
        found.append("rollout: agents that run a schedule themselves ignore it")
    if schedule.mode != "every_tick" and schedule.waves and not _specified(schedule.target):
        found.append(f"target: without one, nobody is expected, so that `mode: {schedule.mode}` never fires")
    return found


def _specified(target: Target) -> bool:
    return bool(target.all or target.groups or target.pcs)


Undecodable = (BadJson, BadShape)
