"""Freeze windows: named periods in which nothing fires, for all PCs or for groups.

Who cannot say whether a window is open (the scheduler reads cron, the fleet knows groups) is taken to say
that it is: a freeze that fails is shut.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import msgspec

from kanade_host.plugin import (
    BadDuration,
    Caller,
    Context,
    HttpError,
    Instant,
    Tx,
    audit,
    decode,
    encode,
    parse_duration,
)

if TYPE_CHECKING:
    from kanade_host_fleet.api import Groups
    from kanade_host_scheduler.api import Rhythms, Ticks

MOST = 200
MOST_GROUPS = 1_000
MOST_SECONDS = 31 * 86_400
JOINED = 100
"""Ticks of a window that runs into the next one, when its end is worked out."""
TOPIC = "freezes"
_ID = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}", re.ASCII).fullmatch


class FreezeBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A window: either once, `from` until `until`, or each tick of `cron` for `duration`.

    `groups`: only fires that reach one of their members; empty: all fires. `cron` has the grammar of
    schedules (seconds first), on the wall clock of `time_zone`, default UTC.
    """

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    from_: Instant | None = msgspec.field(name="from", default=None)
    until: Instant | None = None
    cron: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    duration: str | None = None
    time_zone: str | None = None
    groups: list[str] = []
    enabled: bool = True


class Freeze(FreezeBody, frozen=True, kw_only=True):
    """A saved window. `active`: it is open now, until `active_until`; `problem`: why it cannot be judged."""

    id: str
    updated_by: str
    updated_at: Instant
    active: bool
    active_until: Instant | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Open:
    """A window that stands against a fire. `until` None: nobody can say."""

    id: str
    reason: str
    until: Instant | None
    groups: tuple[str, ...]

    @property
    def text(self) -> str:
        """What a client is told."""
        end = "" if self.until is None else f" until {self.until.wire}"
        whom = f" for {', '.join(self.groups[:5])}" if self.groups else ""
        return f"freeze window '{self.id}'{whom}{end}: {self.reason}"


class Freezes:
    """The windows, and which of them are open."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def listed(self) -> list[Freeze]:
        """All, by id."""
        now = self._ctx.clock.now()
        found = []
        for row in await self._ctx.query("SELECT * FROM jobs_freezes ORDER BY id"):
            body = decode(FreezeBody, row["body"].encode())
            until, problem = self._judged(body, now)
            found.append(
                Freeze(
                    **{name: getattr(body, name) for name in FreezeBody.__struct_fields__},
                    id=row["id"],
                    updated_by=row["updated_by"],
                    updated_at=Instant(row["updated_at"]),
                    active=until is not None or problem is not None,
                    active_until=until,
                    problem=problem,
                )
            )
        return found

    async def against(self, pcs: Sequence[str] | None) -> list[Open]:
        """The open windows that concern one of these PCs. None: who is reached is not known, so all do."""
        found = []
        for one in await self.listed():
            if one.active and (not one.groups or self._concerned(one.groups, pcs)):
                reason = f"{one.reason} ({one.problem})" if one.problem else one.reason
                found.append(Open(one.id, reason, one.active_until, tuple(one.groups)))
        return found

    def _concerned(self, groups: Sequence[str], pcs: Sequence[str] | None) -> bool:
        fleet: Groups | None = self._ctx.find("fleet.groups")
        if fleet is None or pcs is None:
            return True
        wanted = set(groups)
        return any(not wanted.isdisjoint(names) for names in fleet.of(pcs).values())

    def _judged(self, body: FreezeBody, now: Instant) -> tuple[Instant | None, str | None]:
        """Until when it is open, None where it is not; and why that cannot be said."""
        if not body.enabled:
            return None, None
        if body.from_ is not None and body.until is not None:
            return (body.until if body.from_ <= now < body.until else None), None
        try:
            ticks = self._ticks(body)
        except ValueError as error:
            return None, str(error)
        if ticks is None:
            return None, "recurring windows need the scheduler plugin, which is off"
        return _open_until(ticks, _seconds(body.duration), now), None

    def _ticks(self, body: FreezeBody) -> Ticks | None:
        """Raises `ValueError`."""
        rhythms: Rhythms | None = self._ctx.find("scheduler.rhythms")
        return None if rhythms is None else rhythms.read(body.cron or "", body.time_zone)

    # -- writing -----------------------------------------------------------------------------

    def check(self, id: str, body: FreezeBody) -> None:
        """Raises `HttpError` 400, 503."""
        if not _ID(id):
            raise HttpError(
                400, "id: letters, digits, `.`, `_` and `-`, at most 100, beginning with a letter"
            )
        if len(body.groups) > MOST_GROUPS or not all(body.groups):
            raise HttpError(400, f"groups: at most {MOST_GROUPS} names, none of them empty")
        once = body.from_ is not None or body.until is not None
        if once == (body.cron is not None or body.duration is not None):
            raise HttpError(400, "give either `from` and `until`, or `cron` and `duration`")
        if once:
            if body.from_ is None or body.until is None or body.until <= body.from_:
                raise HttpError(400, "from, until: both are needed, and `until` lies after `from`")
            return
        if body.cron is None or body.duration is None:
            raise HttpError(400, "cron, duration: both are needed")
        try:
            seconds = _seconds(body.duration)
        except BadDuration as error:
            raise HttpError(400, f"duration: {error}") from None
        if not 1 <= seconds <= MOST_SECONDS:
            raise HttpError(400, "duration: from a second to 31 days")
        try:
            ticks = self._ticks(body)
        except ValueError as error:
            raise HttpError(400, str(error)) from None
        if ticks is None:
            raise HttpError(503, "recurring windows need the scheduler plugin, which is off")
        if ticks.after(self._ctx.clock.now()) is None:
            raise HttpError(400, "cron: it never ticks again")

    async def save(self, id: str, body: FreezeBody, caller: Caller) -> None:
        """Audits `freeze_upsert`. Raises `HttpError`."""
        self.check(id, body)
        at = self._ctx.clock.now()
        text = encode(body).decode()

        def write(tx: Tx) -> bool:
            count = tx.execute("SELECT count(*) FROM jobs_freezes WHERE id <> ?", (id,)).fetchone()[0]
            if count >= MOST:
                return False
            tx.execute(
                "INSERT INTO jobs_freezes (id, body, updated_by, updated_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET body = excluded.body, updated_by = excluded.updated_by,"
                " updated_at = excluded.updated_at",
                (id, text, caller.sub or "", at.stored),
            )
            audit(tx, at, "freeze_upsert", id, msgspec.to_builtins(body, enc_hook=_wire), caller=caller)
            tx.changed(TOPIC)
            return True

        if not await self._ctx.write(write):
            raise HttpError(409, f"there are {MOST} freeze windows already; delete one")

    async def delete(self, id: str, caller: Caller) -> bool:
        """Audits `freeze_delete`. False: there is none of that id."""
        at = self._ctx.clock.now()

        def write(tx: Tx) -> bool:
            if not tx.execute("DELETE FROM jobs_freezes WHERE id = ?", (id,)).rowcount:
                return False
            audit(tx, at, "freeze_delete", id, {}, caller=caller)
            tx.changed(TOPIC)
            return True

        return await self._ctx.write(write)


def _open_until(ticks: Ticks, seconds: float, now: Instant) -> Instant | None:
    """The end of the window that `now` lies in, further ones that it runs into included."""
    tick = ticks.after(now - seconds)
    if tick is None or tick > now:
        return None
    end = tick + seconds
    for _ in range(JOINED):
        tick = ticks.after(tick)
        if tick is None or tick > end:
            break
        end = tick + seconds
    return end


def _seconds(duration: str | None) -> float:
    return parse_duration(duration or "") / 10**9


def _wire(value: object) -> object:
    return value.wire if isinstance(value, Instant) else value
