"""A stream counts as deleted when the broker says so of it, and not because a list lacks it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kanade_host_witness
import pytest
from kanade_host_witness.streams import Streams

from kanade_host.plugin import ApiError, BrokerUnavailable, Instant

MIGRATIONS = Path(kanade_host_witness.__file__).parent / "migrations" / "sqlite"
NOT_FOUND = ApiError(404, 10059, "stream not found")


class Broker:
    """Answers with a list of its own, and what is there."""

    def __init__(self) -> None:
        self.there = {"KV_jobs": "2026-11-23T10:00:00.1Z", "RESULTS": "2026-11-23T10:00:00.2Z"}
        self.listed = ["KV_jobs", "RESULTS"]
        self.failure: Exception = NOT_FOUND
        self.asked: list[str] = []

    async def api(self, subject: str, body: bytes = b"") -> dict[str, Any]:
        self.asked.append(subject)
        if subject == "STREAM.LIST":
            # A broker answers one page, here of one stream.
            offset = json.loads(body)["offset"]
            page = [
                {"config": {"name": n}, "created": self.there[n]} for n in self.listed[offset : offset + 1]
            ]
            return {"streams": page, "total": len(self.listed)}
        name = subject.rpartition(".")[2]
        if name not in self.there:
            raise self.failure
        return {"created": self.there[name]}


class Ctx:
    """A context over the tables of this plugin alone."""

    def __init__(self) -> None:
        self.bus = Broker()
        self.clock = self
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        for file in sorted(MIGRATIONS.glob("*.sql")):
            self.db.executescript(file.read_text(encoding="utf-8"))

    def now(self) -> Instant:
        return Instant.parse("2026-11-23T10:00:10Z")

    async def write(self, work: Callable[[Any], int]) -> int:
        return work(self.db)

    def deleted(self) -> list[str]:
        return [row[0] for row in self.db.execute("SELECT target FROM witness_changes ORDER BY target")]


@pytest.fixture
def ctx() -> Iterator[Any]:
    made = Ctx()
    yield made
    made.db.close()


async def test_a_stream_that_a_list_passes_over_is_there(ctx: Any) -> None:
    streams = Streams(ctx)
    assert await streams.look() == 0
    ctx.bus.listed = ["RESULTS"]
    assert (await streams.look(), ctx.deleted()) == (0, [])
    ctx.bus.listed = ["KV_jobs", "RESULTS"]
    assert (await streams.look(), ctx.deleted()) == (0, [])


async def test_nor_is_one_deleted_that_was_passed_over_at_the_first_look(ctx: Any) -> None:
    await Streams(ctx).look()
    ctx.bus.listed = []
    assert (await Streams(ctx).look(), ctx.deleted()) == (0, [])


@pytest.mark.parametrize("failure", [ApiError(500, 10008, "no leader"), BrokerUnavailable("gone")])
async def test_of_one_that_cannot_be_asked_for_nothing_is_known(ctx: Any, failure: Exception) -> None:
    streams = Streams(ctx)
    await streams.look()
    ctx.bus.listed, there = ["RESULTS"], ctx.bus.there
    ctx.bus.there, ctx.bus.failure = {"RESULTS": there["RESULTS"]}, failure
    assert (await streams.look(), ctx.deleted()) == (0, [])
    ctx.bus.failure = NOT_FOUND
    assert (await streams.look(), ctx.deleted()) == (1, ["KV_jobs"])


async def test_one_that_is_gone_or_was_made_anew_counts_once(ctx: Any) -> None:
    streams = Streams(ctx)
    await streams.look()
    del ctx.bus.there["KV_jobs"]
    ctx.bus.listed = ["RESULTS"]
    assert await streams.look() == 1
    ctx.bus.there["RESULTS"] = "2026-11-23T10:00:05Z"
    assert await streams.look() == 1
    assert await Streams(ctx).look() == 0
    assert ctx.deleted() == ["KV_jobs", "RESULTS"]


async def test_what_was_not_there_before_is_not_asked_for_at_every_look(ctx: Any) -> None:
    streams = Streams(ctx)
    await streams.look()
    ctx.bus.asked.clear()
    await streams.look()
    assert ctx.bus.asked == ["STREAM.LIST", "STREAM.LIST"]
