from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from kanade_host.bus.broker import EmbeddedBroker
from kanade_host.bus.bus import NatsBus
from kanade_host.bus.ensure import ensure
from kanade_host.bus.live import LiveBucket
from kanade_host.plugin.context import Entry
from kanade_host.plugin.errors import BrokerUnavailable, ResourceMissing


class Watched:
    """A live map that runs, and what its listener was told."""

    def __init__(self, bus: NatsBus, bucket: str) -> None:
        self.told: list[tuple[str, bytes | None]] = []
        self.map = LiveBucket(bus, bucket, on_change=self._note)
        self.task = asyncio.create_task(self.map.run())

    def _note(self, entry: Entry) -> None:
        self.told.append((entry.key, entry.value))

    @property
    def values(self) -> dict[str, bytes | None]:
        return {key: entry.value for key, entry in self.map.items()}


@pytest.fixture
async def watch(bus: NatsBus) -> AsyncIterator[Callable[..., Watched]]:
    watched: list[Watched] = []

    def make(bucket: str = "jobs") -> Watched:
        watched.append(Watched(bus, bucket))
        return watched[-1]

    yield make
    for one in watched:
        assert not one.task.done()
        one.task.cancel()
    await asyncio.gather(*(one.task for one in watched), return_exceptions=True)


async def test_it_holds_what_is_there_and_what_comes(bus: NatsBus, watch) -> None:
    kv = bus.kv("jobs")
    for key in ("b", "a", "gone"):
        await kv.put(key, key.encode())
    await kv.delete("gone")
    one = watch()
    await one.map.synced()
    assert one.values == {"a": b"a", "b": b"b"}
    assert list(one.values) == ["a", "b"]
    assert len(one.map) == 2
    assert one.told == [("b", b"b"), ("a", b"a")]
    revision = await kv.put("c", b"c")
    await kv.delete("a")
    await one.map.synced()
    assert one.values == {"b": b"b", "c": b"c"}
    assert one.told[2:] == [("c", b"c"), ("a", None)]
    entry = one.map.get("c")
    assert entry is not None
    assert entry.revision == revision
    assert one.map.get("a") is None


async def test_an_empty_bucket_is_complete_at_once(bus: NatsBus, watch) -> None:
    one = watch("agents_state")
    await one.map.complete()
    await one.map.synced()
    assert one.values == {}


async def test_synced_reads_what_others_wrote(bus: NatsBus, watch, foreign) -> None:
    one = watch()
    theirs = await foreign.jetstream().key_value("jobs")
    for number in range(100):
        await theirs.put("k", b"%d" % number)
        await one.map.synced()
        assert one.values == {"k": b"%d" % number}


async def test_a_restart_of_the_broker_leaves_no_blind_window(
    bus: NatsBus, broker: EmbeddedBroker, watch, eventually
) -> None:
    one = watch()
    await bus.kv("jobs").put("a", b"1")
    await one.map.synced()
    old = bus.session
    await broker.kill()
    await broker.start()
    await eventually(lambda: not old.alive)
    await bus.ready()
    await bus.kv("jobs").put("b", b"2")
    await one.map.synced()
    assert one.values == {"a": b"1", "b": b"2"}
    assert one.told == [("a", b"1"), ("b", b"2")]  # what did not change is not told again


async def test_a_frozen_broker(bus: NatsBus, frozen, watch, eventually) -> None:
    one = watch()
    await bus.kv("jobs").put("a", b"1")
    await one.map.synced()
    with frozen():
        await eventually(lambda: not bus.connected)
        with pytest.raises(BrokerUnavailable):
            await one.map.synced()
        assert one.values == {"a": b"1"}  # old values are better than none
    await bus.ready()
    await bus.kv("jobs").put("a", b"2")
    await one.map.synced()
    assert one.values == {"a": b"2"}


async def test_a_bucket_that_was_deleted_and_made_anew(bus: NatsBus, watch, eventually) -> None:
    kv = bus.kv("jobs")
    for key in ("kept", "lost"):
        await kv.put(key, b"old")
    for _ in range(20):
        await kv.put("kept", b"old")
    one = watch()
    await one.map.synced()
    one.told.clear()
    await bus.api("STREAM.DELETE.KV_jobs")
    with pytest.raises(ResourceMissing, match="stream not found"):
        await one.map.synced()
    await ensure(bus)
    await kv.put("kept", b"new")  # its revision is lower than the old one
    await one.map.synced()
    assert one.values == {"kept": b"new"}
    await eventually(lambda: sorted(one.told, key=str) == [("kept", b"new"), ("lost", None)])


async def test_a_purged_bucket_is_noticed(bus: NatsBus, watch) -> None:
    await bus.kv("jobs").put("a", b"1")
    one = watch()
    await one.map.synced()
    await bus.kv("jobs").put("b", b"2")
    await bus.api("STREAM.PURGE.KV_jobs")
    one.map._again.set()  # the periodic reconciliation, brought forward
    await one.map.synced()
    while one.values:
        await asyncio.sleep(0.005)
    assert one.map.get("a") is None


async def test_many_values_under_concurrent_writes(bus: NatsBus, watch) -> None:
    kv = bus.kv("agents_state")
    await asyncio.gather(*(kv.put(f"pc-{number}", b"1") for number in range(2000)))
    one = watch("agents_state")
    await asyncio.gather(*(kv.put(f"pc-{number}", b"2") for number in range(0, 2000, 2)))
    await one.map.synced()
    assert one.values == {f"pc-{number}": b"1" if number % 2 else b"2" for number in range(2000)}
    assert not [told for told in one.told if told[1] is None]


async def test_a_listener_that_fails_stops_nothing(bus: NatsBus) -> None:
    def fail(entry: Entry) -> None:
        raise RuntimeError(entry.key)

    live = LiveBucket(bus, "jobs", on_change=fail)
    running = asyncio.create_task(live.run())
    await bus.kv("jobs").put("a", b"1")
    await bus.kv("jobs").put("b", b"1")
    await live.synced()
    assert len(live) == 2
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_without_a_broker_synced_says_so_at_once(bus: NatsBus, broker: EmbeddedBroker, watch) -> None:
    one = watch()
    await one.map.synced()
    await broker.kill()
    with pytest.raises(BrokerUnavailable):
        await one.map.synced()
