"""What lies in the broker, as the interface shows it."""

from __future__ import annotations

from kanade_host.bus.bus import NatsBus
from kanade_host.bus.ensure import ensure
from kanade_host.bus.overview import held
from kanade_host.plugin.resources import Stream


async def test_streams_buckets_and_object_stores_are_listed_with_sizes(bus: NatsBus) -> None:
    await ensure(bus, [Stream("TRY", ("try.>",), max_age=60)])
    await bus.publish("try.one", b"12345")
    found = {one.stream: one for one in await held(bus)}
    mine = found["TRY"]
    assert (mine.kind, mine.name, mine.subjects) == ("stream", "TRY", ["try.>"])
    assert (mine.messages, mine.first_sequence, mine.last_sequence, mine.max_age) == (1, 1, 1, 60)
    assert mine.bytes > 5
    assert mine.last_at is not None
    assert (found["KV_jobs"].kind, found["KV_jobs"].name) == ("bucket", "jobs")
    assert (found["OBJ_scripts"].kind, found["OBJ_scripts"].name) == ("objects", "scripts")
    assert found["KV_jobs"].last_at is None
    kinds = [one.kind for one in await held(bus)]
    assert kinds == sorted(kinds, key=["stream", "bucket", "objects"].index)
