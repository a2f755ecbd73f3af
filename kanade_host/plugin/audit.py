"""Audit records. They go out through the outbox, so a record exists if and only if its effect does."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from kanade_host.plugin.instants import Instant
from kanade_host.plugin.json import encode
from kanade_host.plugin.routes import Caller
from kanade_host.plugin.subscriptions import Tx

_BAD = re.compile(r"[\s*>\x00-\x1f\x7f]")
_SUBJECT_BYTES = 1_024


def audit(
    tx: Tx,
    at: Instant,
    action: str,
    target: str | None,
    payload: Mapping[str, Any] | None = None,
    *,
    actor: str = "operator",
    caller: Caller | None = None,
    id: str | None = None,
) -> None:
    """Record an action in this transaction (`contract/http-fleet.md` 5.1).

    `sub` and `source` of the caller are merged into the payload, without overwriting. `id` makes the
    record unique where the same action may be tried again; default: a random one.
    """
    merged = dict(payload or {})
    if caller is not None:
        if caller.sub is not None:
            merged.setdefault("sub", caller.sub)
        if caller.source is not None:
            merged.setdefault("source", caller.source)
    body = {
        "actor": actor,
        "action": action,
        "target": target,
        "payload": dict(sorted(merged.items())),
        "occurred_at": at.wire,
    }
    tx.send(subject(actor, action, target), encode(body), id=f"audit-{id or uuid.uuid4()}")


def subject(actor: str, action: str, target: str | None) -> str:
    """The record's subject; what is illegal in a token becomes `_`, and a long one is cut.

    The true target is in the body. A subject that the broker does not take would lose the record.
    """
    parts = ["audit", actor, action] + ([target] if target is not None else [])
    tokens = _BAD.sub("_", ".".join(parts)).split(".")
    whole = ".".join(token or "_" for token in tokens).encode("utf-8", "replace")
    return whole[:_SUBJECT_BYTES].decode("utf-8", "ignore").rstrip(".")
