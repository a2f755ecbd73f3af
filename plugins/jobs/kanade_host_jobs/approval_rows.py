"""The rows of fires that wait for approval: what is asked, what is answered, what a transaction changes."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from kanade_host.plugin import Caller, Instant, Tx, audit, decode
from kanade_host_jobs.api import FanoutPlan

TOPIC = "approvals"
MOST_PENDING = 1_000
_ROWS = (
    "SELECT *, (SELECT sub FROM jobs_authors AS one WHERE one.job_id = asked.job_id"
    " AND one.digest = asked.manifest) AS job_author FROM jobs_approvals AS asked"
)
ONE = f"{_ROWS} WHERE exec_id = ?"
LISTED = f"{_ROWS} ORDER BY asked_at DESC, exec_id LIMIT ?"
OF_STATE = f"{_ROWS} WHERE state = ? ORDER BY asked_at DESC, exec_id LIMIT ?"
NOBODY = frozenset({"", "auth-disabled", "service-token"})
"""Subjects that are no person (`contract/http-jobs.md` 1.7): they can ask, and not approve."""
OWN_JOB = "somebody else has to approve it: you saved the job that it runs"
UNKNOWN_AUTHOR = (
    "nobody can approve it before the job is saved here once more: what would run (the job, or the script "
    "object that it names) is not what was saved here last, so that it may be anybody's"
)
PENDING = "SELECT count(*) FROM jobs_approvals WHERE state = 'pending'"


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A fire that waits, or waited. `exec_id` is its execution, once fired. `expected`: PCs when asked.

    `state`: pending, approved (it is being fired), fired, rejected, expired, failed. `schedule_id`: the
    schedule that asked, and no account, whatever `asked_by` looks like. None of `authors`, who may have
    written that schedule, can approve it, and not `job_author`, who saved what it runs; where that is null,
    nobody knows whose text it is, and nobody can.
    """

    exec_id: str
    job_id: str
    version: str
    expected: int
    asked_by: str
    schedule_id: str | None
    authors: list[str]
    job_author: str | None
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


def put(tx: Tx, row: dict[str, Any], caller: Caller | None, at: Instant) -> bool:
    """Keep what is asked, once; what the same schedule asked before expires. False: too many wait."""
    if tx.execute(ONE, (row["exec_id"],)).fetchone() is not None:
        return True
    if row["schedule_id"] is not None:
        earlier = tx.execute(
            "SELECT exec_id FROM jobs_approvals WHERE state = 'pending' AND schedule_id = ?",
            (row["schedule_id"],),
        ).fetchall()
        for one in earlier:
            expire(tx, one[0], "a later tick asked again", at)
    if tx.execute(PENDING).fetchone()[0] >= MOST_PENDING:
        return False
    places = ", ".join("?" * len(row))
    tx.execute(f"INSERT INTO jobs_approvals ({', '.join(row)}) VALUES ({places})", list(row.values()))
    payload = {name: row[name] for name in ("job_id", "version", "expected", "asked_by")}
    audit(tx, at, "approval_request", row["exec_id"], payload, actor=row["actor"], caller=caller)
    tx.changed(TOPIC, row["exec_id"])
    return True


def expire(tx: Tx, exec_id: str, reason: str, at: Instant) -> None:
    """Nobody will fire it any more."""
    tx.execute(
        "UPDATE jobs_approvals SET state = 'expired', reason = ?, decided_at = ? WHERE exec_id = ?",
        (reason, at.stored, exec_id),
    )
    audit(tx, at, "approval_expire", exec_id, {"reason": reason}, actor="backend")
    tx.changed(TOPIC, exec_id)


def authors(row: sqlite3.Row) -> list[str]:
    """Whoever may have written the schedule that asks."""
    return decode(list[str], (row["authors"] or "[]").encode())


def refusal(row: sqlite3.Row, who: str) -> str | None:
    """Why that account is not the second person, as far as the row says."""
    if who in NOBODY:
        return "a fire is approved by a person, with an account of their own"
    if row["schedule_id"] is None and who == row["asked_by"]:
        return "somebody else has to approve it: you asked for it"
    if who in authors(row):
        return "somebody else has to approve it: you saved the schedule that asks for it"
    return OWN_JOB if who == row["job_author"] else None


def approval(row: sqlite3.Row) -> Approval:
    """As it is answered."""
    return Approval(
        exec_id=row["exec_id"],
        job_id=row["job_id"],
        version=row["version"],
        expected=row["expected"],
        asked_by=row["asked_by"],
        schedule_id=row["schedule_id"],
        authors=authors(row),
        job_author=row["job_author"],
        asked_at=Instant(row["asked_at"]),
        expires_at=Instant(row["expires_at"]),
        rerun_of=row["rerun_of"],
        override_freeze=row["override"],
        state=row["state"],
        decided_by=row["decided_by"],
        decided_at=None if row["decided_at"] is None else Instant(row["decided_at"]),
        reason=row["reason"],
    )
