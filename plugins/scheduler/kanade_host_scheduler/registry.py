"""Which schedules tick, and when next: what the bucket says becomes registrations.

`contract/scheduler.md` 2 and 4. The host keeps the watch (it survives restarts of the broker, and does not
replay old revisions), so that this only has to judge one entry at a time. An entry that cannot be read
leaves the old registration in place; one whose rhythm is as it was keeps its due tick.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from kanade_host.plugin import Context, Entry, Instant, StoreUnavailable, Tx, audit
from kanade_host_scheduler import ledger
from kanade_host_scheduler.cron import BadCron
from kanade_host_scheduler.schedule import Rhythm, Schedule, Undecodable, read_entry
from kanade_host_scheduler.zones import BadZone

MISSED_COUNTED = 1_000
AGAIN_SECONDS = 1.0
"""Between attempts to write down what was missed."""


@dataclass(slots=True)
class Registration:
    """A schedule that ticks here. `next_due` None: never again."""

    schedule: Schedule
    rhythm: Rhythm
    revision: int
    next_due: Instant | None


@dataclass(frozen=True, slots=True)
class Missed:
    """Ticks that passed while the host was down, and the one that is made up for now."""

    ticks: Sequence[Instant]
    made_up_for: Instant | None = None

    def note(self, tx: Tx, key: str, now: Instant) -> None:
        """Record those that are not made up for, as one row."""
        if not self.ticks:
            return
        reason = "the host was not running"
        if self.made_up_for is not None:
            reason = f"{reason}; the last of them is made up for"
        first, last = self.ticks[0], self.ticks[-1]
        ledger.note(tx, key, "missed", reason, first, now, last_due=last, times=len(self.ticks))


NOTHING_MISSED = Missed(())


class Registry:
    """All registrations, by key."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self.all: dict[str, Registration] = {}
        self.changed = asyncio.Event()
        self._met: set[str] = set()
        """Keys that were seen since the start: what was missed is asked once."""

    async def take(self, entry: Entry) -> None:
        """Judge an entry of the bucket."""
        try:
            await self._take(entry)
        finally:
            self.changed.set()

    async def _take(self, entry: Entry) -> None:
        held = self.all.get(entry.key)
        if held is not None and held.revision == entry.revision:
            return
        if entry.value is None:
            await self._stop(entry.key)
            return
        try:
            schedule = read_entry(entry.key, entry.value)
        except Undecodable as error:
            await self._report(entry, f"the entry does not decode: {error}", stopped=False)
            return
        if not schedule.enabled or schedule.runs_on != "backend":
            await self._stop(entry.key)
            return
        try:
            rhythm = Rhythm.of(schedule)
        except (BadCron, BadZone) as error:
            self.all.pop(entry.key, None)
            await self._report(entry, f"it does not tick: {error}", stopped=True)
            return
        await self._register(entry, schedule, rhythm)

    async def _register(self, entry: Entry, schedule: Schedule, rhythm: Rhythm) -> None:
        now = self._ctx.clock.now()
        held = self.all.get(entry.key)
        missed = NOTHING_MISSED
        if held is not None and held.rhythm.text == rhythm.text:
            next_due = held.next_due
        else:
            next_due = rhythm.after(now)
            if entry.key not in self._met:
                missed = await self._look_back(entry.key, schedule, rhythm, now)
                next_due = missed.made_up_for or next_due
        self._met.add(entry.key)
        self.all[entry.key] = Registration(schedule, rhythm, entry.revision, next_due)

        def write(tx: Tx) -> None:
            """At once: a host that ends between the two would count what was missed again."""
            missed.note(tx, entry.key, now)
            ledger.remember(tx, entry.key, rhythm.text, next_due)

        while True:
            try:
                await self._ctx.write(write)
                return
            except StoreUnavailable as error:
                if not missed.ticks:
                    raise
                # Nobody asks again, and the next tick moves on: it would never be listed. It ticks meanwhile.
                self.changed.set()
                self._ctx.log.warning(
                    "missed ticks are not recorded yet", schedule=entry.key, reason=str(error)
                )
                await asyncio.sleep(AGAIN_SECONDS)

    async def _look_back(self, key: str, schedule: Schedule, rhythm: Rhythm, now: Instant) -> Missed:
        """What was due while the host was down."""
        known = await ledger.remembered(self._ctx, key)
        if known is None or known.next_due is None or known.rhythm != rhythm.text or known.next_due > now:
            return NOTHING_MISSED
        ticks = [known.next_due]
        while len(ticks) < MISSED_COUNTED:
            due = rhythm.after(ticks[-1])
            if due is None or due > now:
                break
            ticks.append(due)
        if schedule.on_missed == "run_once":
            return Missed(ticks[:-1], made_up_for=ticks[-1])
        return Missed(ticks)

    async def _stop(self, key: str) -> None:
        self.all.pop(key, None)
        self._met.add(key)
        await self._ctx.write(lambda tx: ledger.rest(tx, key))

    async def _report(self, entry: Entry, problem: str, *, stopped: bool) -> None:
        """Log it, keep it as the schedule's problem, and audit it once for that revision."""
        self._ctx.log.warning("a schedule cannot be used", schedule=entry.key, reason=problem)
        now = self._ctx.clock.now()

        def write(tx: Tx) -> None:
            ledger.complain(tx, entry.key, problem, now, stopped=stopped)
            audit(
                tx,
                now,
                "schedule_unusable",
                entry.key,
                {"reason": problem, "stopped": stopped},
                actor="scheduler",
                id=f"schedule-unusable-{entry.key}-{entry.revision}",
            )

        await self._ctx.write(write)
