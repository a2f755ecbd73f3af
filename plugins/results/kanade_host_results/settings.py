"""The keys of `[plugins.results]`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kanade_host.plugin import Settings

# RESULTS keeps 30 days (`contract/wire.md` 3.1): a row that goes sooner could come back and count twice.
_Days = Annotated[
    int, msgspec.Meta(ge=31, description="Days that ended ones are kept, 31 at least; absent: for ever.")
]


class ResultsSettings(Settings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Retention is off by default, as upstream has none."""

    keep_results_days: Annotated[
        _Days | None, msgspec.Meta(description="Days after which results are deleted; without it, never.")
    ] = None
    keep_executions_days: Annotated[
        _Days | None,
        msgspec.Meta(
            description="Days after which ended executions and their targets go; without it, never."
        ),
    ] = None
    list_output: Annotated[
        int,
        msgspec.Meta(
            ge=201, description="Characters of stdout and stderr in lists; one result is answered whole."
        ),
    ] = 4_096
