"""What happened on a PC (`contract/wire.md` 7.7)."""

from __future__ import annotations

from typing import Any

import msgspec

from kanade_host.plugin import Instant


class ObsEvent(msgspec.Struct, frozen=True):
    """One event, on `obs.<pc_id>`. `at` is the time at its source; vocabularies are open."""

    pc_id: str
    kind: str
    source: str
    at: Instant
    event_record_id: str | None = None
    payload: Any = None
