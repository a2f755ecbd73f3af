"""What is said about an action (`contract/wire.md` 7.9)."""

from __future__ import annotations

from typing import Any

import msgspec

from kanade_host.plugin import Instant


class AuditEvent(msgspec.Struct, frozen=True):
    """Who did what, on `audit.<actor>.<action>[.<target>]`. Nothing of the subject is used.

    `payload` is any JSON value, null too, but has to be there.
    """

    actor: str
    action: str
    payload: Any
    occurred_at: Instant
    target: str | None = None
