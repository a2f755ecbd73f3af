"""Fires that wait until somebody else releases them.

A pending fire is a row and nothing else: nothing is pinned, sent or counted. It names the job as it was
when it was asked for, and is not released for another one. Between the decision and the fire lies a state
of its own, so that a crash in between is finished, under the same id, which fires nothing twice.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from kanade_host_results.api import SERVICE, Executions

from kanade_host.plugin import (
    BrokerUnavailable,
    Caller,
    Context,
    HttpError,
    KanadeError,
    Tx,
    audit,
    decode,
    encode,
)
from kanade_host_jobs.api import FanoutPlan, FireAnswer, Manifest, Withheld
from kanade_host_jobs.approval_rows import (
    LISTED,
    MOST_PENDING,
    OF_STATE,
    ONE,
    OWN_JOB,
    TOPIC,
    UNKNOWN_AUTHOR,
    Approval,
    ApprovalDetail,
    approval,
    expire,
    put,
    refusal,
)
from kanade_host_jobs.authors import JobAuthors, digest

if TYPE_CHECKING:
    from kanade_host_jobs.firing import Firing, Order

KEPT_SECONDS = 365 * 86_400
AWAY = 503


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that firing it later takes."""

    actor: str
    caller: Caller | None
    supersedes: str | None
    noted: Mapping[str, Any]
    rerun_of: str | None
    override: str | None
    authors: Collection[str] = ()
    """Whoever may have written the schedule that asks: releasing it alone would be one person's fire."""


@dataclass(frozen=True, slots=True)
class Released:
    """What somebody let go: the digest of the job as it was asked for, and their account."""

    digest: str
    by: str


class _By:
    """The one who asked, for the audit record of the fire."""

    def __init__(self, sub: str) -> None:
        self.sub, self.source = sub, None


class Approvals:
    """Asks, decides, finishes."""

    def __init__(self, ctx: Context, firing: Firing, authors: JobAuthors) -> None:
        self._ctx, self._firing, self._authors = ctx, firing, authors
        self._releasing: Counter[str] = Counter()

    def needed(self, manifest: Manifest) -> bool:
        """Whether a fire of this job waits."""
        mode: str = self._ctx.settings.require_approval
        return mode == "always" or (mode == "marked" and manifest.require_approval)

    async def author(self, order: Order) -> str | None:
        """The account that answers for what would run. None: nobody knows, and so nobody can approve it."""
        return await self._authors.of(order.manifest.id, _digest(order))

    async def ask(self, order: Order, plan: FanoutPlan, asked: Asked) -> Withheld:
        """Keep the fire, and say so; the same id again changes nothing. Raises `HttpError` 409."""
        at = self._ctx.clock.now()
        expires = at + self._ctx.settings.approval_hours * 3600
        if order.deadline_at is not None:
            expires = min(expires, order.deadline_at)
        text = _digest(order)
        schedule: str | None = asked.noted.get("schedule_id") if asked.caller is None else None
        body = FanoutPlan(**{name: getattr(plan, name) for name in FanoutPlan.__struct_fields__})
        row = {
            "exec_id": order.exec_id,
            "job_id": order.manifest.id,
            "version": order.manifest.version,
            "manifest": text,
            "plan": encode(body).decode(),
            "expected": len(order.addressing.expected),
            "actor": asked.actor,
            "asked_by": f"schedule:{schedule}" if schedule else _name(asked.caller, asked.actor),
            "schedule_id": schedule,
            "authors": encode(sorted(asked.authors)).decode(),
            "asked_at": at.stored,
            "expires_at": expires.stored,
            "supersedes": asked.supersedes,
            "rerun_of": asked.rerun_of,
            "override": asked.override,
            "noted": encode(dict(asked.noted)).decode(),
            "state": "pending",
        }
        if not await self._ctx.write(lambda tx: put(tx, row, asked.caller, at)):
            raise HttpError(409, f"{MOST_PENDING} fires wait for approval already; decide some of them")
        said = f"it waits for the approval of somebody else until {expires.wire}; nothing was fired"
        if await self.author(order) is None:
            said = f"{said}; {UNKNOWN_AUTHOR}"
        answer = FireAnswer(
            exec_id=order.exec_id,
            job_id=order.manifest.id,
            version=order.manifest.version,
            target_count=0,
            subjects=[],
            expected=len(order.addressing.expected),
            warnings=[*order.warnings, said],
            approval="pending",
        )
        return Withheld("approval", said, 202, answer)

    # -- reading -----------------------------------------------------------------------------

    async def listed(self, state: str | None, limit: int) -> list[Approval]:
        """The newest first."""
        if state is None:
            rows = await self._ctx.query(LISTED, (limit,))
        else:
            rows = await self._ctx.query(OF_STATE, (state, limit))
        return [approval(row) for row in rows]

    async def one(self, exec_id: str) -> ApprovalDetail:
        """Raises `HttpError` 404."""
        row = await self._row(exec_id)
        known = msgspec.structs.asdict(approval(row))
        return ApprovalDetail(**known, plan=decode(FanoutPlan, row["plan"].encode()))

    async def _row(self, exec_id: str) -> sqlite3.Row:
        rows = await self._ctx.query(ONE, (exec_id,))
        if not rows:
            raise HttpError(404, f"no fire with the id '{exec_id}' has waited for approval")
        return rows[0]

    # -- deciding ----------------------------------------------------------------------------

    async def approve(self, exec_id: str, caller: Caller) -> FireAnswer:
        """Fire it. Raises `HttpError`: 403 for who asked or wrote it, 409 where it is decided or expired."""
        row = await self._row(exec_id)
        who = caller.sub or ""
        refused = refusal(row, who)
        if refused is not None:
            raise HttpError(403, refused)
        if row["job_author"] is None and row["state"] == "pending" and await self._lies_there(row):
            raise HttpError(403, UNKNOWN_AUTHOR)
        self._releasing[exec_id] += 1  # before the decision, which a sweep may see as soon as it is made
        try:
            await self._decide(exec_id, "approved", "approval_approve", who, None, caller)
            return await self._release(await self._row(exec_id))
        finally:
            self._releasing[exec_id] -= 1
            self._releasing += Counter()  # forgets those at 0

    async def _lies_there(self, row: sqlite3.Row) -> bool:
        """Whether it is that text which would run. What stands against it otherwise, firing it says."""
        try:
            plan = decode(FanoutPlan, row["plan"].encode())
            order = await self._firing.prepare(row["job_id"], plan, row["exec_id"])
        except (HttpError, BrokerUnavailable):
            return False
        asked: str = row["manifest"]
        return _digest(order) == asked

    async def check(self, order: Order, released: Released) -> None:
        """Raises `HttpError` where it is not what was released, or by now the text of who released it."""
        if _digest(order) != released.digest:
            raise HttpError(409, "the job has changed since it was asked for; look at it, and ask again")
        author = await self.author(order)
        if author is None or author == released.by:
            raise HttpError(403, UNKNOWN_AUTHOR if author is None else OWN_JOB)

    async def reject(self, exec_id: str, reason: str, caller: Caller) -> None:
        """It will not be fired; the one who asked may take it back too. Raises `HttpError`."""
        await self._row(exec_id)
        await self._decide(exec_id, "rejected", "approval_reject", caller.sub or "", reason, caller)

    async def _decide(
        self, exec_id: str, state: str, action: str, who: str, reason: str | None, caller: Caller
    ) -> None:
        at = self._ctx.clock.now()

        def write(tx: Tx) -> str:
            row = tx.execute(ONE, (exec_id,)).fetchone()
            if row["state"] == "pending" and row["expires_at"] <= at.stored:
                expire(tx, exec_id, "nobody decided in time", at)
                return "expired"
            if row["state"] != "pending":
                return str(row["state"])
            tx.execute(
                "UPDATE jobs_approvals SET state = ?, decided_by = ?, decided_at = ?, reason = ?"
                " WHERE exec_id = ?",
                (state, who, at.stored, reason, exec_id),
            )
            payload = {"job_id": row["job_id"], "asked_by": row["asked_by"]}
            if reason is not None:
                payload["reason"] = reason
            audit(tx, at, action, exec_id, payload, caller=caller)
            tx.changed(TOPIC, exec_id)
            return ""

        decided = await self._ctx.write(write)
        if decided:
            raise HttpError(409, f"it is decided already: {decided}")

    async def _release(self, row: sqlite3.Row) -> FireAnswer:
        """Fire what is approved. What stands against it only now leaves it pending. Raises `HttpError`."""
        try:
            answer = await self._fire(row)
        except Withheld as error:
            await self._end(row, "pending")
            raise HttpError(409, f"{error.reason}; the fire stays pending") from None
        except HttpError as error:
            if error.status == AWAY:
                await self._end(row, "pending")
            else:
                await self._end(row, "failed", error.text)
            raise
        except KanadeError:
            await self._end(row, "fired" if await self._exists(row) else "pending")
            raise
        await self._end(row, "fired")
        return answer

    async def _fire(self, row: sqlite3.Row) -> FireAnswer:
        asked_by: str = row["asked_by"]
        noted = decode(dict[str, Any], row["noted"].encode())
        return await self._firing.fire(
            row["job_id"],
            decode(FanoutPlan, row["plan"].encode()),
            actor=row["actor"],
            caller=_By(asked_by) if row["schedule_id"] is None else None,
            supersedes=row["supersedes"],
            allow_empty=True,
            exec_id=row["exec_id"],
            noted=noted | {"asked_by": asked_by, "approved_by": row["decided_by"]},
            rerun_of=row["rerun_of"],
            override=row["override"],
            approved=Released(row["manifest"], row["decided_by"]),
        )

    async def _exists(self, row: sqlite3.Row) -> bool:
        executions: Executions = self._ctx.service(SERVICE)
        return await executions.exists(row["exec_id"])

    async def _end(self, row: sqlite3.Row, state: str, reason: str | None = None) -> None:
        """What became of that decision; nothing, where it is ended already, or another one was made."""
        decided = (row["decided_by"], row["decided_at"])
        kept = (None, None) if state == "pending" else decided

        def write(tx: Tx) -> None:
            tx.execute(
                "UPDATE jobs_approvals SET state = ?, reason = coalesce(?, reason), decided_by = ?,"
                " decided_at = ? WHERE exec_id = ? AND state = 'approved' AND decided_by IS ?"
                " AND decided_at IS ?",
                (state, reason, *kept, row["exec_id"], *decided),
            )
            tx.changed(TOPIC, row["exec_id"])

        await self._ctx.write(write)

    # -- time --------------------------------------------------------------------------------

    async def sweep(self) -> int:
        """Expire what nobody decided, forget what is old, and finish what was cut off."""
        return await self._expire() + await self._resume()

    async def _resume(self) -> int:
        """Fire what a crash, or a client that went away, interrupted between decision and fire."""
        if not self._ctx.bus.connected:
            return 0
        found = 0
        for listed in await self._ctx.query(OF_STATE, ("approved", MOST_PENDING)):
            exec_id: str = listed["exec_id"]
            if exec_id in self._releasing:
                continue
            try:
                row = await self._row(exec_id)
                # Those before it took their time: meanwhile it may have become pending again, and rejected.
                if row["state"] == "approved" and exec_id not in self._releasing:
                    found += 1
                    await self._finish(row)
            except Exception as error:  # whatever it is, the others have their turn, and it again later
                self._ctx.log.warning(
                    "an approved fire could not be finished", exec_id=exec_id, reason=str(error)
                )
        return found

    async def _finish(self, row: sqlite3.Row) -> None:
        at = self._ctx.clock.now()
        if await self._exists(row):
            await self._end(row, "fired")
        elif row["expires_at"] <= at.stored:
            await self._end(row, "failed", "it was approved, and could not be fired in time; ask again")
        else:
            await self._release(row)

    async def _expire(self) -> int:
        now = self._ctx.clock.now()
        old = now - KEPT_SECONDS

        def write(tx: Tx) -> int:
            late = tx.execute(
                "SELECT exec_id FROM jobs_approvals WHERE state = 'pending' AND expires_at <= ? LIMIT 1000",
                (now.stored,),
            ).fetchall()
            for row in late:
                expire(tx, row[0], "nobody decided in time", now)
            return (
                len(late)
                + tx.execute(
                    "DELETE FROM jobs_approvals WHERE exec_id IN (SELECT exec_id FROM jobs_approvals"
                    " WHERE asked_at < ? AND state NOT IN ('pending', 'approved') LIMIT 1000)",
                    (old.stored,),
                ).rowcount
            )

        return await self._ctx.write(write)


def _digest(order: Order) -> str:
    return digest(order.manifest, order.script.sha256)


def _name(caller: Caller | None, actor: str) -> str:
    return (caller.sub if caller is not None else None) or actor
