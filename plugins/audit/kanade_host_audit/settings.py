"""The keys of `[plugins.audit]`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kanade_host.plugin import Settings

_Days = Annotated[int, msgspec.Meta(ge=1)]


class AuditSettings(Settings, frozen=True, kw_only=True):
    """Records are kept for ever unless somebody says otherwise; the stream AUDIT always keeps them."""

    keep_days: Annotated[
        _Days | None,
        msgspec.Meta(description="Days after which records are deleted; without it, never."),
    ] = None
