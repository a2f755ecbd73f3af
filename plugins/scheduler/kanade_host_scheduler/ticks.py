"""One tick: read, decide, write down, fire (`contract/scheduler.md` 5).

A fire is a row with the id of its execution before anything is sent. After a crash the same id is fired
again, which changes nothing where it was fired already.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeVar

import msgspec
from kanade_host_jobs.api import Catalog, FanoutPlan, NothingToSend, Target, Why, Withheld
from kanade_host_results.api import SERVICE as EXECUTIONS
from kanade_host_results.api import Executions

from kanade_host.plugin import (
    BadDuration,
    Context,
    HttpError,
    Instant,
    KanadeError,
    Tx,
    Unavailable,
    decode,
    encode,
    parse_duration,
)
from kanade_host_scheduler import ledger
from kanade_host_scheduler.authors import authors_of
from kanade_host_scheduler.completing import complete
from kanade_host_scheduler.expected import Expected
from kanade_host_scheduler.policy import Decision, FirePcs, Policy, Skip, decide
from kanade_host_scheduler.schedule import MAX_COOLDOWN_SECONDS, Schedule

T = TypeVar("T")

JOBS = "jobs.catalog"
ACTOR = "scheduler"
RESUMED_WITHIN_SECONDS = 600.0
RETRY_EVERY_SECONDS = 1.0
WITHHELD: Mapping[Why, ledger.Outcome] = {"paused": "held", "frozen": "frozen", "approval": "pending"}
"""What a tick decided, where something stood against its fire."""


class TickEnds(Exception):
    """A tick ends without a fire; the text is the reason that is kept."""


@dataclass(frozen=True, slots=True)
class Tick:
    """One due second of a schedule as it was registered. `until`: its next tick."""

    schedule: Schedule
    due: Instant
    revision: int
    until: Instant | None = None


class Ticks:
    """Decides and fires."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._expected = Expected(ctx)

    async def tick(self, tick: Tick) -> None:
        """Whatever goes wrong is this tick's alone, and is kept as its reason."""
        schedule = tick.schedule
        try:
            patience = self._patience(tick)
            await self._job(schedule.job_id, patience)
            decision, plan = await self._decide(schedule)
            if isinstance(decision, Skip):
                await self._skip(tick, decision)
            else:
                await self._fire(tick, plan, decision.reason, patience)
        except TickEnds as end:
            await self._fail(tick, str(end))
        except Withheld as error:
            await self._fail(tick, error.reason, WITHHELD[error.why])
        except (KanadeError, LookupError) as error:
            await self._fail(tick, str(error))
        except Exception as error:
            self._ctx.log.exception("a tick failed", schedule=schedule.id)
            await self._fail(tick, f"{type(error).__name__}: {error}")

    # -- deciding ----------------------------------------------------------------------------

    async def _decide(self, schedule: Schedule) -> tuple[Decision, FanoutPlan]:
        """Steps 2 to 8; with the plan that goes out. Raises `TickEnds`."""
        plan = msgspec.structs.replace(schedule.plan, deadline_at=self.deadline(schedule))
        expected: list[str] = []
        successes: Mapping[str, Instant] = {}
        policy = Policy(schedule.mode)
        if schedule.mode != "every_tick":
            expected = await self._expected.pcs(schedule.target, self._ctx.clock.now())
            executions: Executions = self._ctx.service(EXECUTIONS)
            successes = await executions.last_success(schedule.job_id)
            policy = Policy(schedule.mode, _cooldown(schedule), schedule.auto_disable_when_done)
        decision = decide(policy, expected, successes, self._ctx.clock.now())
        if isinstance(decision, FirePcs):
            target = Target(pcs=list(decision.pcs))
            plan = msgspec.structs.replace(plan, target=target, rollout=None)
        return decision, plan

    async def _job(self, job_id: str, patience: Instant) -> None:
        """Step 1: the job has to be there, now. Raises `TickEnds`."""
        catalog: Catalog = self._ctx.service(JOBS)
        try:
            found = await self._patiently(lambda: catalog.get(job_id), patience)
        except KanadeError as error:
            raise TickEnds(f"job '{job_id}' cannot be read: {error}") from None
        if found is None:
            raise TickEnds(f"job '{job_id}' is not in the catalog")

    async def _patiently(self, call: Callable[[], Awaitable[T]], patience: Instant) -> T:
        """Again where the broker or the database is away, until `patience`."""
        while True:
            try:
                return await call()
            except Unavailable:
                if self._ctx.clock.now() >= patience:
                    raise
            await asyncio.sleep(RETRY_EVERY_SECONDS)

    def _patience(self, tick: Tick) -> Instant:
        """Until when a tick goes on trying: not beyond the next one."""
        end: Instant = self._ctx.clock.now() + self._ctx.settings.retry_seconds
        return end if tick.until is None else min(end, tick.until)

    def deadline(self, schedule: Schedule) -> Instant | None:
        """When its commands are too late. Raises `TickEnds`."""
        text = schedule.starting_deadline
        if text is None:
            return None
        ns = _duration("starting_deadline", text)
        try:
            return Instant.from_ns(self._ctx.clock.now().ns + ns)
        except OverflowError:
            raise TickEnds(f"starting_deadline '{text}' ends beyond the calendar") from None

    # -- ending ------------------------------------------------------------------------------

    async def _skip(self, tick: Tick, decision: Skip) -> None:
        if decision.disable and await complete(self._ctx, tick.schedule, tick.revision):
            await self._note(tick, "completed", decision.reason)
            return
        await self._note(tick, "skipped", decision.reason)

    async def _fail(self, tick: Tick, reason: str, decision: ledger.Outcome = "failed") -> None:
        self._ctx.log.warning("a schedule's tick fired nothing", schedule=tick.schedule.id, reason=reason)
        try:
            at = self._ctx.clock.now()
            await self._ctx.write(lambda tx: _failed(tx, tick, decision, reason, at))
        except KanadeError as error:
            self._ctx.log.warning("a tick is unrecorded", schedule=tick.schedule.id, reason=str(error))

    async def _note(self, tick: Tick, outcome: ledger.Outcome, reason: str) -> None:
        at = self._ctx.clock.now()

        def write(tx: Tx) -> None:
            ledger.advance(tx, tick.schedule.id, tick.until)
            ledger.note(tx, tick.schedule.id, outcome, reason, tick.due, at)

        await self._ctx.write(write)

    # -- firing ------------------------------------------------------------------------------

    async def _fire(self, tick: Tick, plan: FanoutPlan, reason: str, patience: Instant) -> None:
        schedule = tick.schedule
        exec_id = str(uuid.uuid4())
        supersedes = await self._supersedes(schedule)
        at = self._ctx.clock.now()

        def write(tx: Tx) -> list[str] | None:
            ledger.advance(tx, schedule.id, tick.until)
            authors = authors_of(tx, schedule.id, tick.revision)
            new = ledger.plan_fire(
                tx,
                schedule.id,
                tick.due,
                exec_id=exec_id,
                job_id=schedule.job_id,
                plan=encode(plan),
                authors=authors,
                supersedes=supersedes,
                reason=reason,
                at=at,
            )
            return authors if new else None

        authors = await self._ctx.write(write)
        if authors is None:
            await self._note(tick, "skipped", f"{tick.due.wire} was fired already")
            return
        fire = _Fire(schedule.id, tick.due, exec_id, schedule.job_id, plan, authors, supersedes, reason)
        await self._send(fire, patience)

    async def _supersedes(self, schedule: Schedule) -> str | None:
        """The fire before, where what it has not delivered is of no use any more."""
        if not schedule.at_once or not self._ctx.settings.supersede:
            return None
        known = await ledger.remembered(self._ctx, schedule.id)
        if known is None or known.last_job_id != schedule.job_id:
            return None
        return known.last_exec_id

    async def _send(self, fire: _Fire, patience: Instant) -> None:
        """Fire it; while the broker is away, again until `patience`. Raises what the catalogue raises."""
        while True:
            try:
                nobody = await self._attempt(fire)
                break
            except HttpError as error:
                if error.status != 503 or self._ctx.clock.now() >= patience:
                    raise
                await asyncio.sleep(RETRY_EVERY_SECONDS)
        at = self._ctx.clock.now()

        def write(tx: Tx) -> None:
            if nobody is None:
                ledger.fired(tx, fire.schedule_id, fire.due, fire.exec_id, fire.job_id, fire.reason, at)
            else:
                ledger.failed(tx, fire.schedule_id, fire.due, "skipped", nobody, at)

        await self._ctx.write(write)

    async def _attempt(self, fire: _Fire) -> str | None:
        """Fire it once; answers why there was nobody to fire at."""
        catalog: Catalog = self._ctx.service(JOBS)
        try:
            await catalog.fire(
                fire.job_id,
                fire.plan,
                actor=ACTOR,
                supersedes=fire.supersedes,
                allow_empty=False,
                exec_id=fire.exec_id,
                noted={"schedule_id": fire.schedule_id},
                authors=fire.authors,
            )
        except NothingToSend as error:
            return str(error)
        return None

    async def resume(self) -> None:
        """Finish the fires that a crash interrupted; those that are too old by now are given up."""
        began = self._ctx.clock.now()
        for row in await self._ctx.query(ledger.UNFINISHED, (began.stored, 1_000)):
            due = Instant(row["due"])
            now = self._ctx.clock.now()
            plan = decode(FanoutPlan, row["plan"].encode())
            authors = decode(list[str], row["authors"].encode())
            ids = row["exec_id"], row["job_id"]
            fire = _Fire(row["schedule_id"], due, *ids, plan, authors, row["supersedes"], row["reason"])
            late = plan.deadline_at is not None and now > plan.deadline_at
            try:
                if late or now - Instant(row["planned_at"]) > RESUMED_WITHIN_SECONDS:
                    _give_up()
                await self._send(fire, now + self._ctx.settings.retry_seconds)
            except (KanadeError, TickEnds) as error:
                decision = WITHHELD[error.why] if isinstance(error, Withheld) else "failed"
                reason = error.reason if isinstance(error, Withheld) else str(error)
                await self._ctx.write(
                    lambda tx, fire=fire, decision=decision, reason=reason, now=now: ledger.failed(  # type: ignore[misc]
                        tx, fire.schedule_id, fire.due, decision, reason, now
                    )
                )


@dataclass(frozen=True, slots=True)
class _Fire:
    """A fire that is written down."""

    schedule_id: str
    due: Instant
    exec_id: str
    job_id: str
    plan: FanoutPlan
    authors: list[str]
    supersedes: str | None
    reason: str


def _failed(tx: Tx, tick: Tick, decision: ledger.Outcome, reason: str, at: Instant) -> None:
    ledger.advance(tx, tick.schedule.id, tick.until)
    ledger.failed(tx, tick.schedule.id, tick.due, decision, reason, at)


def _give_up() -> NoReturn:
    raise TickEnds("the host ended while this was fired, and it is too late to make sure that it went out")


def _cooldown(schedule: Schedule) -> int | None:
    """Nanoseconds. Raises `TickEnds` as upstream says it."""
    if schedule.cooldown is None:
        return None
    ns = _duration("cooldown", schedule.cooldown)
    if ns > MAX_COOLDOWN_SECONDS * 10**9:
        raise TickEnds("cooldown overflow")
    return ns


def _duration(name: str, text: str) -> int:
    try:
        ns = parse_duration(text)
    except BadDuration as error:
        raise TickEnds(f"parse {name} '{text}': {error}") from None
    if ns > MAX_COOLDOWN_SECONDS * 10**9:
        raise TickEnds(f"{name} overflow")
    return ns
