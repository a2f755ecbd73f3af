"""What a running plugin is given: the context, the broker, buckets, object stores, the clock."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Protocol, assert_type

from kanade_host.plugin import (
    Bus,
    Clock,
    Context,
    Entry,
    Instant,
    KeyValue,
    LiveMap,
    Logger,
    ObjectInfo,
    ObjectReader,
    Objects,
    ReplySubscription,
    SystemClock,
)


class Catalog(Protocol):
    """What another plugin offers."""

    def names(self) -> list[str]:
        """All of them."""
        ...


async def look(ctx: Context) -> None:
    """Everything of a context."""
    rows = await ctx.query("SELECT 1 WHERE ? = 1", (1,))
    assert_type(rows, list[sqlite3.Row])
    assert_type(await ctx.write(lambda tx: tx.execute("SELECT 1").rowcount), int)
    required: Catalog = ctx.service("jobs.catalog")
    optional: Catalog | None = ctx.find("jobs.catalog")
    assert_type((required.names(), optional), tuple[list[str], Catalog | None])
    assert_type(ctx.service("tour.clock", SystemClock), SystemClock)  # where the class itself is known
    assert_type(ctx.data_dir, Path)
    assert_type(ctx.secret("tour", "TOUR_SECRET", registry=None), str | None)
    clock: Clock = ctx.clock if ctx.settings else SystemClock()
    assert_type((clock.now(), clock.monotonic()), tuple[Instant, float])
    log: Logger = ctx.log
    log.warning("seen", plugin=ctx.plugin)
    ctx.changed("tour", "key")
    live: LiveMap = ctx.watch("jobs")
    await live.synced()
    assert_type([entry for _, entry in live.items()], list[Entry])
    assert_type((live.get("key"), len(live)), tuple[Entry | None, int])


async def talk(bus: Bus) -> None:
    """The broker, for what is no subscription."""
    assert_type((bus.connected, bus.max_payload), tuple[bool, int])
    await bus.publish("tour.x", b"", stream=True, id="1")
    assert_type(await bus.request("tour.x", b"", timeout=1.0), bytes)
    assert_type(await bus.resources(), dict[str, bool])
    assert_type(await bus.api("INFO"), dict[str, Any])
    replies: ReplySubscription = bus.replies("tour.replies")
    async with replies:
        assert_type(await replies.next(1.0), bytes)


async def keep(values: KeyValue) -> None:
    """A bucket."""
    found = await values.get("key")
    revision = found.revision if found is not None else await values.put("key", b"1")
    assert_type(await values.update("key", b"2", revision), int)
    assert_type(await values.revise("key", lambda value: value or b"3"), bytes | None)
    assert_type(await values.entries(), list[Entry])
    await values.delete("key", revision)


async def store(objects: Objects) -> None:
    """An object store."""
    info: ObjectInfo = await objects.put("name", b"bytes")
    assert_type((info.name, info.size, info.digest, info.modified), tuple[str, int, str | None, str | None])
    assert_type(await objects.get("name", limit=10), bytes)
    reader: ObjectReader = await objects.open("name")
    assert_type([part async for part in reader.read(0, 5)], list[bytes])
    assert_type(await objects.list(), list[ObjectInfo])
    assert_type(await objects.purge_orphans(60.0), int)
    assert_type((await objects.info("name"), reader.info), tuple[ObjectInfo, ObjectInfo])
    await objects.delete("name")
