"""Objects piece by piece: ranges, overwrites under a reader, damage, orphans (http-fleet.md 10)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
from collections.abc import AsyncIterator

import pytest
from nats.aio.client import Client as NatsClient

from kanade_host.bus import object_reading
from kanade_host.bus.bus import NatsBus
from kanade_host.plugin.context import ObjectReader
from kanade_host.plugin.errors import ObjectDamaged, ObjectNotFound, ResourceMissing

CHUNK = 128 * 1024


async def all_of(reader: ObjectReader, start: int = 0, length: int | None = None) -> bytes:
    return b"".join([part async for part in reader.read(start, length)])


async def chunks_in(bus: NatsBus, store: str) -> int:
    state = (await bus.api(f"STREAM.INFO.OBJ_{store}", b'{"subjects_filter":"$O.*.C.>"}'))["state"]
    return sum((state.get("subjects") or {}).values())


async def irregular(bus: NatsBus, store: str, name: str, parts: list[bytes]) -> None:
    """As upstream writes: chunks of any size, with those of others in between."""
    for part in parts:
        await bus.publish(f"$O.{store}.C.irregular", part)
        await bus.publish(f"$O.{store}.C.other", b"not ours")
    body = b"".join(parts)
    record = {
        "name": name, "bucket": store, "nuid": "irregular", "size": len(body), "chunks": len(parts),
        "mtime": "2026-11-23T10:00:00Z",
        "digest": "SHA-256=" + base64.urlsafe_b64encode(hashlib.sha256(body).digest()).decode(),
    }  # fmt: skip
    subject = f"$O.{store}.M.{base64.urlsafe_b64encode(name.encode()).decode()}"
    await bus.publish(subject, json.dumps(record).encode())


RANGES = [
    (0, None),
    (0, 0),
    (0, 1),
    (263, 2),
    (264, 1),
    (265, None),
    (999, 1),
    (1000, 0),
    (1, 998),
    (500, 100),
]


@pytest.mark.parametrize("start, length", RANGES)
async def test_any_range_of_irregular_chunks(bus: NatsBus, start: int, length: int | None) -> None:
    body = os.urandom(1000)
    await irregular(bus, "scripts", "a/1", [body[:264], body[264:265], body[265:900], body[900:]])
    reader = await bus.objects("scripts").open("a/1")
    assert reader.info.size == 1000
    wanted = body[start:] if length is None else body[start : start + length]
    assert await all_of(reader, start, length) == wanted


@pytest.mark.parametrize("start, length", [(-1, 1), (0, 11), (10, 1), (11, None), (0, -1)])
async def test_ranges_outside_are_refused(bus: NatsBus, start: int, length: int | None) -> None:
    await bus.objects("scripts").put("x", b"0123456789")
    reader = await bus.objects("scripts").open("x")
    with pytest.raises(ValueError, match="lie outside of the 10 bytes of x"):
        await all_of(reader, start, length)


async def test_a_late_range_fetches_no_body_before_it(bus: NatsBus, monkeypatch: pytest.MonkeyPatch) -> None:
    body = os.urandom(10 * CHUNK + 5)
    store = bus.objects("scripts")
    await store.put("x", body)
    fetched = 0
    real = object_reading.next_message

    async def counted(*arguments: object) -> tuple[int, bytes]:
        nonlocal fetched
        fetched += 1
        return await real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("kanade_host.bus.objects.next_message", counted)
    reader = await store.open("x")
    assert await all_of(reader, 9 * CHUNK - 1, 2) == body[9 * CHUNK - 1 : 9 * CHUNK + 1]
    assert fetched == 2


async def test_a_store_without_direct_get(bus: NatsBus) -> None:
    config = (await bus.api("STREAM.INFO.OBJ_scripts"))["config"]
    await bus.api("STREAM.UPDATE.OBJ_scripts", json.dumps(config | {"allow_direct": False}).encode())
    body = os.urandom(CHUNK + 10)
    store = bus.objects("scripts")
    await store.put("x", body)
    reader = await store.open("x")
    assert await all_of(reader) == body
    assert await all_of(reader, CHUNK) == body[CHUNK:]


async def test_an_overwrite_waits_for_readers(bus: NatsBus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kanade_host.bus.objects.RETIRE_POLL", 0.005)
    old, store = os.urandom(3 * CHUNK), bus.objects("scripts")
    await store.put("x", old)
    reading = (await store.open("x")).read()
    got = await anext(reading)
    await store.put("x", b"new")
    assert await store.get("x") == b"new"
    assert got + b"".join([part async for part in reading]) == old
    while await chunks_in(bus, "scripts") != 1:
        await asyncio.sleep(0.005)


async def test_what_is_gone_is_no_short_object(bus: NatsBus) -> None:
    store = bus.objects("scripts")
    await store.put("x", b"a" * 2 * CHUNK)
    reader = await store.open("x")
    await bus.api("STREAM.PURGE.OBJ_scripts", b'{"filter":"$O.scripts.C.>"}')
    with pytest.raises(ObjectDamaged, match=f"{2 * CHUNK} bytes of it are missing"):
        await all_of(reader)
    with pytest.raises(ObjectDamaged, match="the store holds 0"):
        await all_of(reader, 1)


async def test_damage_is_never_given_whole(bus: NatsBus) -> None:
    await irregular(bus, "scripts", "x", [b"abc", b"def"])
    subject = f"$O.scripts.M.{base64.urlsafe_b64encode(b'x').decode()}"
    record = {"name": "x", "bucket": "scripts", "nuid": "irregular", "size": 6, "digest": "SHA-256=AAAA"}
    await bus.publish(subject, json.dumps(record).encode())
    reading = (await bus.objects("scripts").open("x")).read()
    assert await anext(reading) == b"abc"
    with pytest.raises(ObjectDamaged, match="wrong digest"):
        await anext(reading)


async def test_only_what_is_there_can_be_opened(bus: NatsBus) -> None:
    store = bus.objects("scripts")
    await store.put("x", b"abc")
    await store.delete("x")
    for name in ("x", "never"):
        with pytest.raises(ObjectNotFound):
            await store.open(name)
    await bus.api("STREAM.DELETE.OBJ_scripts")
    with pytest.raises(ResourceMissing):
        await store.open("x")


async def test_a_missing_store_is_noticed_before_the_body_is_read(bus: NatsBus) -> None:
    await bus.api("STREAM.DELETE.OBJ_scripts")

    async def never() -> AsyncIterator[bytes]:
        pytest.fail("the body was read")
        yield b""

    with pytest.raises(ResourceMissing):
        await bus.objects("scripts").put("x", never())


async def test_uploads_to_one_name_at_once_leave_one_object(bus: NatsBus) -> None:
    store = bus.objects("scripts")
    bodies = [bytes([number]) * (CHUNK + number) for number in range(6)]
    await asyncio.gather(*(store.put("x", body) for body in bodies))
    assert await store.get("x") in bodies
    assert await chunks_in(bus, "scripts") == 2
    assert not bus.object_reads.locks


async def test_chunks_without_a_record_are_removed_when_they_are_old(
    bus: NatsBus, foreign: NatsClient
) -> None:
    store = bus.objects("scripts")
    theirs = await foreign.jetstream().object_store("scripts")
    await theirs.put("theirs", b"abc")
    await store.put("ours", b"def")
    for number in range(3):
        await bus.publish(f"$O.scripts.C.lost{number}", b"x")
    assert await store.purge_orphans(3600) == 0
    assert await chunks_in(bus, "scripts") == 5
    assert await store.purge_orphans(-3600) == 3
    assert await chunks_in(bus, "scripts") == 2
    assert await store.get("theirs") == b"abc"
    assert await store.get("ours") == b"def"


async def test_a_record_that_cannot_be_read_keeps_all_chunks(bus: NatsBus) -> None:
    store = bus.objects("scripts")
    await bus.publish("$O.scripts.C.lost", b"x")
    await bus.publish("$O.scripts.M.eA==", b"{")
    with pytest.raises(ObjectDamaged):
        await store.purge_orphans(-3600)
    assert await chunks_in(bus, "scripts") == 1
