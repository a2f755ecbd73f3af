from __future__ import annotations

import asyncio
import functools
from typing import Any

import pytest
from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg

from kanade_host.bus import walk
from kanade_host.bus.bus import NatsBus
from kanade_host.bus.jetstream import create_consumer
from kanade_host.bus.pull import Pull
from kanade_host.plugin.errors import (
    BrokerUnavailable,
    InvalidKey,
    MessageTooLarge,
    ResourceMissing,
    RevisionConflict,
)
from kanade_host.plugin.instants import Instant

AWAY = r"^failed to get the bucket: request error: timed out: request timed out: deadline has elapsed$"
MISSING = r"^failed to get the bucket: jetstream error: stream not found \(code 404, error code 10059\)$"


async def test_what_was_written_is_read(bus: NatsBus) -> None:
    kv = bus.kv("jobs")
    assert await kv.get("a") is None
    first = await kv.put("a", b"1")
    second = await kv.put("a", b"")
    entry = await kv.get("a")
    assert entry is not None
    assert (entry.key, entry.value, entry.revision) == ("a", b"", second)
    assert second > first
    assert entry.time > Instant("2026-01-01T00:00:00+00:00")


async def test_reads_follow_writes_at_once(bus: NatsBus) -> None:
    kv = bus.kv("agent_groups")
    for number in range(200):
        await kv.put("pc", b"%d" % number)
        entry = await kv.get("pc")
        assert entry is not None
        assert entry.value == b"%d" % number


async def test_a_read_asks_the_broker_once(bus: NatsBus, foreign: NatsClient, told) -> None:
    """No look at the bucket before each read or write."""
    await bus.kv("jobs").put("a", b"1")
    asked: list[str] = []

    async def note(message: Msg) -> None:
        asked.append(message.subject)

    hearing = await foreign.subscribe("$JS.API.>", cb=note)
    await told(foreign)
    kv = bus.kv("jobs")
    await kv.get("a")
    await kv.put("a", b"2")
    await kv.get("a")
    await bus.session.flush()
    await hearing.drain()  # all that it has got is noted
    assert [subject.split(".")[2:5] for subject in asked] in (
        [["DIRECT", "GET", "KV_jobs"]] * 2,
        [["STREAM", "MSG", "GET"]] * 2,
    )


async def test_a_deletion_marker_is_the_one_of_the_contract(bus: NatsBus, foreign: NatsClient) -> None:
    kv = bus.kv("schedules")
    await kv.put("s", b"{}")
    await kv.delete("s")
    raw = await foreign.jetstream().get_last_msg("KV_schedules", "$KV.schedules.s")
    assert raw.headers == {"KV-Operation": "DEL", "Kanade-Origin": "host"}
    assert not raw.data
    assert await kv.get("s") is None
    assert await kv.entries() == []


@pytest.mark.parametrize("operation", ["DEL", "PURGE"])
async def test_markers_of_others_are_absent_values(bus: NatsBus, foreign: NatsClient, operation: str) -> None:
    kv = bus.kv("schedules")
    await kv.put("s", b"{}")
    await foreign.jetstream().publish("$KV.schedules.s", b"", headers={"KV-Operation": operation})
    assert await kv.get("s") is None
    assert await kv.entries() == []
    assert await kv.revise("s", lambda value: b"new" if value is None else b"wrong") == b"new"


async def test_entries_come_in_the_order_of_their_last_writes(bus: NatsBus) -> None:
    kv = bus.kv("jobs")
    for key in ("c", "a", "b", "gone", "a"):
        await kv.put(key, key.encode())
    await kv.delete("gone")
    entries = await kv.entries()
    assert [entry.key for entry in entries] == ["c", "b", "a"]
    assert [entry.value for entry in entries] == [b"c", b"b", b"a"]
    assert all(entry.time.wire.endswith("Z") for entry in entries)


async def test_entries_of_many_keys_under_concurrent_writes(bus: NatsBus) -> None:
    """A listing of nats-py may be partial then (nats.py #842); no key may be missing here."""
    kv = bus.kv("agents_state")  # a history of one: what is listed may vanish before it is read
    await asyncio.gather(*(kv.put(f"pc-{number}", b"x" * 100) for number in range(3000)))
    stop = asyncio.Event()

    async def rewrite() -> None:
        number = 0
        while not stop.is_set():
            await kv.put(f"pc-{number * 7 % 3000}", b"y" * 100)
            number += 1

    writing = asyncio.create_task(rewrite())
    for _ in range(5):
        entries = await kv.entries()
        assert len({entry.key for entry in entries}) == len(entries) == 3000
    stop.set()
    await writing


async def test_a_key_that_is_overwritten_before_it_is_delivered_is_listed(
    bus: NatsBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    kv = bus.kv("agents_state")  # a history of one
    await kv.put("a", b"1")
    await kv.put("b", b"1")

    async def written_meanwhile(*of: Any) -> Any:
        made = await create_consumer(*of)
        await kv.put("a", b"2")
        return made

    monkeypatch.setattr(walk, "create_consumer", written_meanwhile)
    monkeypatch.setattr(Pull, "take", functools.partialmethod(Pull.take, limit=1))
    assert [(entry.key, entry.value) for entry in await kv.entries()] == [("b", b"1"), ("a", b"2")]


async def test_nothing_but_consumers_that_vanish_is_left_behind(bus: NatsBus) -> None:
    kv = bus.kv("jobs")
    await kv.put("a", b"")
    for _ in range(3):
        await kv.entries()
    while (await bus.api("CONSUMER.NAMES.KV_jobs"))["total"]:
        await asyncio.sleep(0.005)


async def test_updates_are_checked(bus: NatsBus) -> None:
    kv = bus.kv("jobs")
    first = await kv.update("a", b"1", 0)
    with pytest.raises(RevisionConflict, match="bucket jobs: key a: wrong last sequence"):
        await kv.update("a", b"2", 0)
    second = await kv.update("a", b"2", first)
    with pytest.raises(RevisionConflict):
        await kv.delete("a", first)
    await kv.delete("a", second)
    with pytest.raises(RevisionConflict):  # the marker counts
        await kv.update("a", b"3", second)


async def test_revise_loses_no_update(bus: NatsBus) -> None:
    kv = bus.kv("agent_groups")

    async def add(name: str) -> None:
        await kv.revise(
            "pc", lambda value: b",".join(sorted({*(value or b"").split(b","), name.encode()} - {b""}))
        )

    await asyncio.gather(*(add(f"g{number}") for number in range(12)))
    entry = await kv.get("pc")
    assert entry is not None
    assert entry.value is not None
    assert len(entry.value.split(b",")) == 12


async def test_revise_that_changes_nothing_writes_nothing(bus: NatsBus) -> None:
    kv = bus.kv("jobs")
    revision = await kv.put("a", b"1")
    assert await kv.revise("a", lambda value: value) == b"1"
    assert await kv.revise("a", lambda value: None) == b"1"
    assert await kv.revise("b", lambda value: None) is None
    entry = await kv.get("a")
    assert entry is not None
    assert entry.revision == revision
    assert await kv.get("b") is None


async def test_revise_gives_up_when_it_always_comes_second(
    bus: NatsBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    kv = bus.kv("jobs")
    monkeypatch.setattr("kanade_host.bus.kv.REVISIONS", 2)

    async def conflicted(key: str, value: bytes, revision: int) -> int:
        raise RevisionConflict("second")

    monkeypatch.setattr(kv, "update", conflicted)
    with pytest.raises(RevisionConflict, match="key a was changed by others during each of 2 attempts"):
        await kv.revise("a", lambda value: b"1")


@pytest.mark.parametrize("key", ["", ".a", "a.", ".", "a b", "a*", "a>", "ä", "a\n", "a$b", "a:b"])
async def test_bad_keys_have_one_text(bus: NatsBus, key: str) -> None:
    kv = bus.kv("jobs")
    for call in (kv.get(key), kv.put(key, b""), kv.update(key, b"", 0), kv.delete(key)):
        with pytest.raises(InvalidKey, match=r"^key cannot be empty or start/end with `\.`$"):
            await call


@pytest.mark.parametrize("key", ["a", "A-Z_0/9=x", "groups.g", "pcs.PC-LAB.x", "="])
async def test_good_keys(bus: NatsBus, key: str) -> None:
    kv = bus.kv("agent_config")
    await kv.put(key, b"1")
    assert [entry.key for entry in await kv.entries()] == [key]
    assert await kv.get(key) is not None


async def test_a_missing_bucket_says_so(bus: NatsBus) -> None:
    await bus.api("STREAM.DELETE.KV_jobs")
    kv = bus.kv("jobs")
    for call in (
        kv.get("a"),
        kv.put("a", b""),
        kv.entries(),
        kv.delete("a"),
        kv.revise("a", lambda value: b""),
    ):
        with pytest.raises(ResourceMissing, match=MISSING):
            await call


async def test_without_a_broker_the_text_is_the_one_clients_know(bus: NatsBus, broker) -> None:
    await broker.kill()
    for call in (bus.kv("jobs").get("a"), bus.kv("jobs").entries()):
        with pytest.raises(BrokerUnavailable, match=AWAY):
            await call


async def test_a_value_that_is_too_large(bus: NatsBus) -> None:
    with pytest.raises(MessageTooLarge, match="max payload size exceeded"):
        await bus.kv("jobs").put("a", b"x" * 2_000_000)


async def test_a_bucket_of_nats_py_is_read_too(bus: NatsBus, foreign: NatsClient) -> None:
    """Without direct get: somebody made it before us, and ensure refuses to go on with it."""
    theirs = await foreign.jetstream().create_key_value(bucket="theirs")
    await theirs.put("a", b"1")
    await theirs.put("b", b"2")
    await theirs.delete("b")
    kv = bus.kv("theirs")
    entry = await kv.get("a")
    assert entry is not None
    assert entry.value == b"1"
    assert await kv.get("b") is None
    assert await kv.get("c") is None
    assert [one.key for one in await kv.entries()] == ["a"]


async def test_nats_py_reads_what_we_write(bus: NatsBus, foreign: NatsClient) -> None:
    await bus.kv("jobs").put("a", b"1")
    theirs = await foreign.jetstream().key_value("jobs")
    assert (await theirs.get("a")).value == b"1"
