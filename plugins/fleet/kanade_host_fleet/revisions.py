"""What a layer of configuration was before: the revisions that the bucket still holds.

To undo is to write an older value back with `PUT` and `If-Match`, so there is one way to write a scope.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from kanade_host.plugin import BadJson, BadShape, Entry, Instant, Request, decode
from kanade_host_fleet.buckets import told
from kanade_host_fleet.messages import ConfigScope
from kanade_host_fleet.scopes import BUCKET, KeyOf


class ScopeRevision(msgspec.Struct, frozen=True):
    """One write of a scope. `scope` is null where it was removed, and where it does not decode (`error`)."""

    revision: int
    at: Instant
    scope: ConfigScope | None
    error: str | None


class ScopeRevisions(msgspec.Struct, frozen=True):
    """Newest first; the bucket keeps a few writes of each key."""

    key: str
    revisions: list[ScopeRevision]


def scope_revisions(key_of: KeyOf) -> Callable[[Request], Awaitable[ScopeRevisions]]:
    """The handler for one kind of scope."""

    async def revisions(request: Request) -> ScopeRevisions:
        """The writes of one scope, newest first."""
        key = key_of(request)
        with told(BUCKET, f"read ConfigScope at {key}"):
            entries = await request.ctx.bus.kv(BUCKET).history(key)
        return ScopeRevisions(key, [_revision(entry) for entry in reversed(entries)])

    return revisions


def _revision(entry: Entry) -> ScopeRevision:
    if entry.value is None:
        return ScopeRevision(entry.revision, entry.time, None, None)
    try:
        return ScopeRevision(entry.revision, entry.time, decode(ConfigScope, entry.value), None)
    except (BadJson, BadShape) as error:
        return ScopeRevision(entry.revision, entry.time, None, error.message)
