"""What came of an action, read off its record.

A record is written when the deed is done, in the transaction of its effect, so most say nothing about it.
One that says otherwise is named for it: `login_failed`, `job_delete_failed_post_revoke`. Nothing is stored:
the recorded payloads stay those of kanade-backend, and its records and those of agents have an outcome too.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Outcome = Literal["done", "failed"]
_FAILED = frozenset({"failed", "unusable"})


class _Said(msgspec.Struct):
    outcome: Outcome


def outcome_of(action: str, payload: bytes) -> Outcome:
    """`payload` is JSON; where it is an object that says what came of it, that holds."""
    try:
        return msgspec.json.decode(payload, type=_Said).outcome
    except msgspec.MsgspecError:
        return "done" if _FAILED.isdisjoint(action.replace(".", "_").split("_")) else "failed"
