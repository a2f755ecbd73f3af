"""The keys of `[plugins.audit]`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kanade_host.plugin import Settings

_Days = Annotated[
    int, msgspec.Meta(ge=1, description="Days that records stay, by when it happened; absent: for ever.")
]


class AuditSettings(Settings, frozen=True, kw_only=True):
    """Records are kept for ever unless somebody says otherwise; the stream AUDIT always keeps them."""

    keep_days: _Days | None = None
