"""Chunks that no record names: what is left of uploads whose process was killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kanade_host.bus.jetstream import MESSAGE_NOT_FOUND
from kanade_host.plugin.clock import SystemClock
from kanade_host.plugin.errors import ApiError
from kanade_host.plugin.instants import Instant

if TYPE_CHECKING:
    from kanade_host.bus.objects import Store


async def purge_orphans(store: Store, idle: float) -> int:
    """See `Objects.purge_orphans`. Upstream's uploads look the same while they run; hence `idle`."""
    uploads = await _uploads(store)
    if not uploads:
        return 0
    # Read after the chunks: an upload that was recorded in between is then among the named.
    # Chunks of a record that cannot be read would pass for nobody's: then nothing is removed at all.
    named = {record.nuid for record in await store.records(strict=True) if not record.deleted}
    before = SystemClock().now() - idle
    removed = 0
    for nuid in sorted(uploads - named):
        if store.bus.object_reads.open[nuid] > 0:
            continue
        newest = await _newest(store, nuid)
        if newest is not None and newest < before:
            await store.purge(nuid)
            removed += 1
    return removed


async def _uploads(store: Store) -> set[str]:
    """The ids of all uploads that have chunks in the stream."""
    prefix = f"$O.{store.name}.C."
    found: set[str] = set()
    offset = 0
    while True:
        body = msgspec.json.encode({"subjects_filter": f"{prefix}>", "offset": offset})
        answer = await store.bus.api(f"STREAM.INFO.{store.stream}", body)
        page = answer["state"].get("subjects") or {}
        found.update(subject.removeprefix(prefix) for subject in page)
        offset += len(page)
        if not page or offset >= answer.get("total", 0):
            return found


async def _newest(store: Store, nuid: str) -> Instant | None:
    body = msgspec.json.encode({"last_by_subj": store.chunk_subject(nuid)})
    try:
        answer = await store.bus.api(f"STREAM.MSG.GET.{store.stream}", body)
    except ApiError as error:
        if error.err_code == MESSAGE_NOT_FOUND:
            return None
        raise
    return Instant.parse(answer["message"]["time"])
