from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import re
from collections.abc import AsyncIterator

import pytest
from nats.aio.client import Client as NatsClient

from kanade_host.bus.bus import NatsBus
from kanade_host.plugin.errors import ObjectDamaged, ObjectNotFound, ResourceMissing

CHUNK = 128 * 1024
MISSING = r"^failed to get Object Store: jetstream error: stream not found \(code 404, error code 10059\)$"


async def meta_of(foreign: NatsClient, store: str, name: str) -> tuple[dict[str, object], dict[str, str]]:
    subject = f"$O.{store}.M.{base64.urlsafe_b64encode(name.encode()).decode()}"
    message = await foreign.jetstream().get_last_msg(f"OBJ_{store}", subject)
    return json.loads(message.data or b""), dict(message.headers or {})


async def chunks_in(bus: NatsBus, store: str) -> int:
    state = (await bus.api(f"STREAM.INFO.OBJ_{store}", b'{"subjects_filter":"$O.*.C.>"}'))["state"]
    return sum((state.get("subjects") or {}).values())


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3_000_000])
async def test_what_was_stored_comes_back(bus: NatsBus, size: int) -> None:
    body = os.urandom(size)
    store = bus.objects("scripts")
    info = await store.put("tool/1.0", body)
    assert (info.name, info.size) == ("tool/1.0", size)
    assert info.digest == "SHA-256=" + base64.urlsafe_b64encode(hashlib.sha256(body).digest()).decode()
    assert await store.get("tool/1.0") == body
    assert await store.info("tool/1.0") == info
    assert await chunks_in(bus, "scripts") == -(-size // CHUNK)


async def test_the_record_has_upstreams_form(bus: NatsBus, foreign: NatsClient) -> None:
    await bus.objects("app_packages").put("ö/1", b"abc")
    record, headers = await meta_of(foreign, "app_packages", "ö/1")
    assert headers == {"Nats-Rollup": "sub", "Kanade-Origin": "host"}
    assert list(record) == [
        "name", "description", "metadata", "headers", "options", "bucket", "nuid", "size", "chunks", "mtime",
        "digest",
    ]  # fmt: skip
    assert record["name"] == "ö/1"
    assert record["bucket"] == "app_packages"
    assert (record["description"], record["metadata"], record["headers"]) == (None, {}, None)
    assert record["options"] == {"link": None, "max_chunk_size": CHUNK}
    assert (record["size"], record["chunks"]) == (3, 1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", str(record["mtime"]))
    assert record["digest"] == "SHA-256=ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0="


async def test_uneven_parts_become_full_chunks(bus: NatsBus) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for number in range(1000):
            yield bytes([number % 256]) * 997

    store = bus.objects("scripts")
    info = await store.put("x", parts())
    assert info.size == 997_000
    assert await chunks_in(bus, "scripts") == 8
    assert await store.get("x") == b"".join(bytes([number % 256]) * 997 for number in range(1000))


async def test_replacing_an_object_leaves_no_old_chunks(bus: NatsBus) -> None:
    store = bus.objects("scripts")
    await store.put("x", b"1" * 500_000)
    await store.put("x", b"2")
    assert await store.get("x") == b"2"
    assert await chunks_in(bus, "scripts") == 1


async def test_half_an_upload_leaves_nothing(bus: NatsBus) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 400_000
        raise ConnectionResetError("the client is gone")

    store = bus.objects("scripts")
    with pytest.raises(ConnectionResetError):
        await store.put("x", broken())
    with pytest.raises(ObjectNotFound):
        await store.info("x")
    while await chunks_in(bus, "scripts"):
        await asyncio.sleep(0.005)


async def test_a_tombstone_is_one_that_upstream_can_read(bus: NatsBus, foreign: NatsClient) -> None:
    store = bus.objects("agent_releases")
    before = await store.put("1.0", b"abc")
    await store.delete("1.0")
    record, headers = await meta_of(foreign, "agent_releases", "1.0")
    assert (record["deleted"], record["size"], record["chunks"]) == (True, 0, 0)
    assert (record["mtime"], record["digest"]) == (before.modified, before.digest)
    assert headers == {"Nats-Rollup": "sub", "Kanade-Origin": "host"}
    assert await chunks_in(bus, "agent_releases") == 0


async def test_deleted_objects_are_not_found(bus: NatsBus) -> None:
    store = bus.objects("scripts")
    await store.put("x", b"abc")
    await store.put("y", b"def")
    await store.delete("x")
    for call in (store.info("x"), store.get("x"), store.delete("x"), store.info("never")):
        with pytest.raises(ObjectNotFound):
            await call
    assert [info.name for info in await store.list()] == ["y"]
    await store.put("x", b"again")
    assert await store.get("x") == b"again"
    assert [info.name for info in await store.list()] == ["y", "x"]


async def test_the_tombstone_of_nats_py_spoils_nothing_here(bus: NatsBus, foreign: NatsClient) -> None:
    theirs = await foreign.jetstream().object_store("scripts")
    await theirs.put("x", b"abc")
    await theirs.delete("x")
    store = bus.objects("scripts")
    assert await store.list() == []
    with pytest.raises(ObjectNotFound):
        await store.info("x")
    await store.put("x", b"new")
    assert await store.get("x") == b"new"


async def test_nats_py_and_we_read_each_others_objects(bus: NatsBus, foreign: NatsClient) -> None:
    theirs = await foreign.jetstream().object_store("scripts")
    body = os.urandom(300_000)
    await theirs.put("a/1", body)
    store = bus.objects("scripts")
    assert await store.get("a/1") == body
    await store.put("b/1", body)
    assert (await theirs.get("b/1")).data == body
    assert {info.name for info in await store.list()} == {"a/1", "b/1"}


async def test_chunks_of_any_size(bus: NatsBus, foreign: NatsClient) -> None:
    """Upstream writes irregular ones: 264 to 68,608 bytes were seen."""
    body = os.urandom(1000)
    for part in (body[:264], body[264:265], body[265:]):
        await bus.publish("$O.result_output.C.n1", part)
    record = {
        "name": "r/stdout", "bucket": "result_output", "nuid": "n1", "size": 1000, "chunks": 3,
        "mtime": "2026-11-23T10:00:00Z",
        "digest": "SHA-256=" + base64.urlsafe_b64encode(hashlib.sha256(body).digest()).decode().rstrip("="),
    }  # fmt: skip
    subject = f"$O.result_output.M.{base64.urlsafe_b64encode(b'r/stdout').decode()}"
    await bus.publish(subject, json.dumps(record).encode())
    assert await bus.objects("result_output").get("r/stdout") == body


@pytest.mark.parametrize(
    "change, complaint",
    [
        ({"size": 4}, "its record says 4 bytes, the store holds 3"),
        ({"digest": "SHA-256=AAAA"}, "wrong digest"),
        ({"nuid": "elsewhere"}, "its record says 3 bytes, the store holds 0"),
    ],
)
async def test_damage_is_named(
    bus: NatsBus, foreign: NatsClient, change: dict[str, object], complaint: str
) -> None:
    store = bus.objects("scripts")
    await store.put("x", b"abc")
    record, _ = await meta_of(foreign, "scripts", "x")
    await bus.publish("$O.scripts.M.eA==", json.dumps(record | change).encode())
    with pytest.raises(ObjectDamaged, match=complaint):
        await store.get("x")


async def test_a_limit_is_kept_without_fetching(bus: NatsBus) -> None:
    store = bus.objects("scripts")
    await store.put("x", b"abcd")
    assert await store.get("x", limit=4) == b"abcd"
    with pytest.raises(ObjectDamaged, match="has 4 bytes, more than the 3 allowed"):
        await store.get("x", limit=3)


async def test_a_missing_store_says_so(bus: NatsBus) -> None:
    await bus.api("STREAM.DELETE.OBJ_scripts")
    store = bus.objects("scripts")
    for call in (store.info("x"), store.get("x"), store.list(), store.put("x", b""), store.delete("x")):
        with pytest.raises(ResourceMissing, match=MISSING):
            await call
