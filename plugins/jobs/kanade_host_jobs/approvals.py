"""Fires that wait until somebody else releases them.

A pending fire is a row and nothing else: nothing is pinned, sent or counted. It names the job as it was
when it was asked for, and is not released for another one. Between the decision and the fire lies a state
of its own, so that a crash in between is finished, under the same id, which fires nothing twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec
from kanade_host_results.api import SERVICE, Executions

from kanade_host.plugin import Caller, Context, HttpError, Instant, KanadeError, Tx, audit, decode, encode
from kanade_host_jobs.api import FanoutPlan, FireAnswer, Manifest, Withheld
from kanade_host_jobs.manifest import stored

if TYPE_CHECKING:
    from kanade_host_jobs.firing import Firing, Order

TOPIC = "approvals"
MOST_PENDING = 1_000
KEPT_SECONDS = 365 * 86_400
NOBODY = frozenset({"", "auth-disabled", "service-token"})
"""Subjects that are no person (`contract/http-jobs.md` 1.7): they can ask, and not approve."""
ONE = "SELECT * FROM jobs_approvals WHERE exec_id = ?"
LISTED = "SELECT * FROM jobs_approvals ORDER BY asked_at DESC, exec_id LIMIT ?"
OF_STATE = "SELECT * FROM jobs_approvals WHERE state = ? ORDER BY asked_at DESC, exec_id LIMIT ?"
PENDING = "SELECT count(*) FROM jobs_approvals WHERE state = 'pending'"


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A fire that waits, or waited. `exec_id` is its execution, once fired. `expected`: PCs when asked.

    `state`: pending, approved (it is being fired), fired, rejected, expired, failed.
    """

    exec_id: str
    job_id: str
    version: str
    expected: int
    asked_by: str
    asked_at: Instant
    expires_at: Instant
    rerun_of: str | None
    override_freeze: str | None
    state: str
    decided_by: str | None
    decided_at: Instant | None
    reason: str | None


class ApprovalDetail(Approval, frozen=True, kw_only=True):
    """With where it goes."""

    plan: FanoutPlan


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that firing it later takes."""

    actor: str
    caller: Caller | None
    supersedes: str | None
    noted: Mapping[str, Any]
    rerun_of: str | None
    override: str | None


class _By:
    """The one who asked, for the audit record of the fire."""

    def __init__(self, sub: str) -> None:
        self.sub, self.source = sub, None


class Approvals:
    """Asks, decides, finishes."""

    def __init__(self, ctx: Context, firing: Firing) -> None:
        self._ctx, self._firing = ctx, firing

    def needed(self, manifest: Manifest) -> bool:
        """Whether a fire of this job waits."""
        mode: str = self._ctx.settings.require_approval
        return mode == "always" or (mode == "marked" and manifest.require_approval)

    async def ask(self, order: Order, plan: FanoutPlan, asked: Asked) -> Withheld:
        """Keep the fire, and say so; the same id again changes nothing. Raises `HttpError` 409."""
        at = self._ctx.clock.now()
        expires = at + self._ctx.settings.approval_hours * 3600
        if order.deadline_at is not None:
            expires = min(expires, order.deadline_at)
        schedule = asked.noted.get("schedule_id")
        who = (
            f"schedule:{schedule}" if asked.caller is None and schedule else _name(asked.caller, asked.actor)
        )
        body = FanoutPlan(**{name: getattr(plan, name) for name in FanoutPlan.__struct_fields__})
        row = {
            "exec_id": order.exec_id,
            "job_id": order.manifest.id,
            "version": order.manifest.version,
            "manifest": _digest(order.manifest),
            "plan": encode(body).decode(),
            "expected": len(order.addressing.expected),
            "actor": asked.actor,
            "asked_by": who,
            "asked_at": at.stored,
            "expires_at": expires.stored,
            "supersedes": asked.supersedes,
            "rerun_of": asked.rerun_of,
            "override": asked.override,
            "noted": encode(dict(asked.noted)).decode(),
            "state": "pending",
        }
        if not await self._ctx.write(lambda tx: _ask(tx, row, asked.caller, at)):
            raise HttpError(409, f"{MOST_PENDING} fires wait for approval already; decide some of them")
        said = f"it waits for the approval of somebody else until {expires.wire}; nothing was fired"
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
        return [_approval(row) for row in rows]

    async def one(self, exec_id: str) -> ApprovalDetail:
        """Raises `HttpError` 404."""
        row = await self._row(exec_id)
        known = msgspec.structs.asdict(_approval(row))
        return ApprovalDetail(**known, plan=decode(FanoutPlan, row["plan"].encode()))

    async def _row(self, exec_id: str) -> sqlite3.Row:
        rows = await self._ctx.query(ONE, (exec_id,))
        if not rows:
            raise HttpError(404, f"no fire with the id '{exec_id}' has waited for approval")
        return rows[0]

    # -- deciding ----------------------------------------------------------------------------

    async def approve(self, exec_id: str, caller: Caller) -> FireAnswer:
        """Fire it. Raises `HttpError`: 403 for the one who asked, 409 where it is decided or expired."""
        row = await self._row(exec_id)
        who = caller.sub or ""
        if who in NOBODY:
            raise HttpError(403, "a fire is approved by a person, with an account of their own")
        if who == row["asked_by"]:
            raise HttpError(403, "somebody else has to approve it: you asked for it")
        await self._decide(exec_id, "approved", "approval_approve", who, None, caller)
        return await self._release(await self._row(exec_id))

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
                _expire(tx, exec_id, "nobody decided in time", at)
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
        asked_by: str = row["asked_by"]
        exec_id: str = row["exec_id"]
        by_schedule = asked_by.startswith("schedule:")
        try:
            answer = await self._firing.fire(
                row["job_id"],
                decode(FanoutPlan, row["plan"].encode()),
                actor=row["actor"],
                caller=None if by_schedule else _By(asked_by),
                supersedes=row["supersedes"],
                allow_empty=True,
                exec_id=exec_id,
                noted=decode(dict[str, Any], row["noted"].encode())
                | {"asked_by": asked_by, "approved_by": row["decided_by"]},
                rerun_of=row["rerun_of"],
                override=row["override"],
                approved=row["manifest"],
            )
        except Withheld as error:
            await self._end(exec_id, "pending", None)
            raise HttpError(409, f"{error.reason}; the fire stays pending") from None
        except HttpError as error:
            again = error.status == 503
            await self._end(exec_id, "pending" if again else "failed", None if again else error.text)
            raise
        except KanadeError:
            await self._end(exec_id, "pending", None)
            raise
        await self._end(exec_id, "fired", None)
        return answer

    async def _end(self, exec_id: str, state: str, reason: str | None) -> None:
        def write(tx: Tx) -> None:
            tx.execute(
                "UPDATE jobs_approvals SET state = ?1, reason = coalesce(?2, reason),"
                " decided_by = CASE ?1 WHEN 'pending' THEN NULL ELSE decided_by END,"
                " decided_at = CASE ?1 WHEN 'pending' THEN NULL ELSE decided_at END WHERE exec_id = ?3",
                (state, reason, exec_id),
            )
            tx.changed(TOPIC, exec_id)

        await self._ctx.write(write)

    # -- time --------------------------------------------------------------------------------

    async def resume(self) -> None:
        """Finish what a crash interrupted between decision and fire."""
        executions: Executions = self._ctx.service(SERVICE)
        for row in await self._ctx.query(OF_STATE, ("approved", MOST_PENDING)):
            try:
                if await executions.exists(row["exec_id"]):
                    await self._end(row["exec_id"], "fired", None)
                else:
                    await self._release(row)
            except KanadeError as error:
                self._ctx.log.warning(
                    "an approved fire could not be finished", exec_id=row["exec_id"], reason=str(error)
                )

    async def sweep(self) -> int:
        """Expire what nobody decided, and forget what is old."""
        now = self._ctx.clock.now()
        old = now - KEPT_SECONDS

        def write(tx: Tx) -> int:
            late = tx.execute(
                "SELECT exec_id FROM jobs_approvals WHERE state = 'pending' AND expires_at <= ? LIMIT 1000",
                (now.stored,),
            ).fetchall()
            for row in late:
                _expire(tx, row[0], "nobody decided in time", now)
            return (
                len(late)
                + tx.execute(
                    "DELETE FROM jobs_approvals WHERE exec_id IN (SELECT exec_id FROM jobs_approvals"
                    " WHERE asked_at < ? AND state NOT IN ('pending', 'approved') LIMIT 1000)",
                    (old.stored,),
                ).rowcount
            )

        return await self._ctx.write(write)


def _ask(tx: Tx, row: dict[str, Any], caller: Caller | None, at: Instant) -> bool:
    if tx.execute(ONE, (row["exec_id"],)).fetchone() is not None:
        return True
    if row["asked_by"].startswith("schedule:"):
        earlier = tx.execute(
            "SELECT exec_id FROM jobs_approvals WHERE state = 'pending' AND asked_by = ?", (row["asked_by"],)
        ).fetchall()
        for one in earlier:
            _expire(tx, one[0], "a later tick asked again", at)
    if tx.execute(PENDING).fetchone()[0] >= MOST_PENDING:
        return False
    places = ", ".join("?" * len(row))
    tx.execute(f"INSERT INTO jobs_approvals ({', '.join(row)}) VALUES ({places})", list(row.values()))
    payload = {name: row[name] for name in ("job_id", "version", "expected", "asked_by")}
    audit(tx, at, "approval_request", row["exec_id"], payload, actor=row["actor"], caller=caller)
    tx.changed(TOPIC, row["exec_id"])
    return True


def _expire(tx: Tx, exec_id: str, reason: str, at: Instant) -> None:
    tx.execute(
        "UPDATE jobs_approvals SET state = 'expired', reason = ?, decided_at = ? WHERE exec_id = ?",
        (reason, at.stored, exec_id),
    )
    audit(tx, at, "approval_expire", exec_id, {"reason": reason}, actor="backend")
    tx.changed(TOPIC, exec_id)


def _approval(row: sqlite3.Row) -> Approval:
    return Approval(
        exec_id=row["exec_id"],
        job_id=row["job_id"],
        version=row["version"],
        expected=row["expected"],
        asked_by=row["asked_by"],
        asked_at=Instant(row["asked_at"]),
        expires_at=Instant(row["expires_at"]),
        rerun_of=row["rerun_of"],
        override_freeze=row["override"],
        state=row["state"],
        decided_by=row["decided_by"],
        decided_at=None if row["decided_at"] is None else Instant(row["decided_at"]),
        reason=row["reason"],
    )


def check_unchanged(manifest: Manifest, asked: str) -> None:
    """Raises `HttpError` 409 where the job is another one than was asked for."""
    if _digest(manifest) != asked:
        raise HttpError(409, "the job has changed since it was asked for; look at it, and ask again")


def _digest(manifest: Manifest) -> str:
    return blake2b(stored(manifest), digest_size=16).hexdigest()


def _name(caller: Caller | None, actor: str) -> str:
    return (caller.sub if caller is not None else None) or actor
