"""The keys of `[plugins.results]`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kanade_host.plugin import Settings

_Days = Annotated[int, msgspec.Meta(ge=1)]
# A command may be delivered for seven days, and the result of a run come later still.
_ExecutionDays = Annotated[int, msgspec.Meta(ge=31)]


class ResultsSettings(Settings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Retention is off by default, as upstream has none."""

    keep_results_days: Annotated[
        _Days | None, msgspec.Meta(description="Days after which results are deleted; without it, never.")
    ] = None
    keep_executions_days: Annotated[
        _ExecutionDays | None,
        msgspec.Meta(
            description="Days after which ended executions and their targets go; without it, never."
        ),
    ] = None
    store_output: Annotated[
        int,
        msgspec.Meta(
            ge=262_144,
            le=16 * 1024 * 1024,
            description="Bytes of stdout, or stderr, that a row takes; longer ones stay in the object store.",
        ),
    ] = 16 * 1024 * 1024
    list_output: Annotated[
        int,
        msgspec.Meta(
            ge=201, description="Characters of stdout and stderr in lists; one result is answered whole."
        ),
    ] = 4_096
