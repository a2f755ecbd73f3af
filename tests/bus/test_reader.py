from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import msgspec
import pytest

from kanade_host.bus.broker import EmbeddedBroker
from kanade_host.bus.bus import NatsBus
from kanade_host.bus.pull import parse
from kanade_host.bus.reader import (
    Fetched,
    Reader,
    ReaderLost,
    consumer_info,
    message_time,
    remake_consumer,
    stream_info,
)
from kanade_host.plugin.errors import ApiError

DURABLE = "backend_results_projector"


async def fill(bus: NatsBus, count: int, size: int = 0, stem: str = "r") -> None:
    """Messages whose bodies are their numbers, from 1 on, padded to `size`."""
    lines = b"".join(
        b"PUB results.%s%d %d\r\n%s\r\n" % (stem.encode(), number, len(body), body)
        for number in range(1, count + 1)
        for body in [b"%d" % number if not size else (b"%d" % number).ljust(size)]
    )
    before = await stream_info(bus, "RESULTS")
    bus.session.write(lines)
    await bus.session.flush()
    while True:
        now = await stream_info(bus, "RESULTS")
        assert before is not None
        assert now is not None
        if now.last_seq - before.last_seq >= count:
            return


@pytest.fixture
async def read(bus: NatsBus) -> AsyncIterator[Callable[..., object]]:
    """Makes the durable anew and reads it."""
    readers: list[Reader] = []

    async def make(start: int | None = None, remake: bool = True, **options: int) -> Reader:
        if remake:
            await remake_consumer(bus, "RESULTS", DURABLE, filter=None, start=start)
        reader = Reader(bus, "RESULTS", DURABLE, **options)
        await reader.start()
        readers.append(reader)
        return reader

    yield make
    for reader in readers:
        await reader.stop()


async def take(reader: Reader, count: int, *, ack: bool = True, limit: int = 500) -> list[Fetched]:
    """At least so many messages."""
    taken: list[Fetched] = []
    while len(taken) < count:
        batch = await reader.take(limit)
        if ack:
            reader.ack(batch)
        taken += batch
    return taken


async def acked(bus: NatsBus, sequence: int) -> None:
    """Wait until everything up to that sequence is acknowledged."""
    while True:
        info = await consumer_info(bus, "RESULTS", DURABLE)
        assert info is not None
        if info.ack_floor >= sequence and info.ack_pending == 0:
            return
        await asyncio.sleep(0.005)


# -- deliveries ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply, expected",
    [
        ("$JS.ACK.RESULTS.d.1.20.10.1700000000000000001.5", (20, 10, 1, 1700000000000000001, 5)),
        ("$JS.ACK._.hash.RESULTS.d.2.21.11.1700000000000000002.0", (21, 11, 2, 1700000000000000002, 0)),
        (
            "$JS.ACK.hub.hash.RESULTS.d.3.22.12.1700000000000000003.9.rand",
            (22, 12, 3, 1700000000000000003, 9),
        ),
    ],
)
def test_both_layouts_of_the_reply_subject(reply: str, expected: tuple[int, ...]) -> None:
    one = parse(b"results.x", reply.encode(), b"{}", None)
    assert (one.sequence, one.consumer_sequence, one.delivered, one.time_ns, one.pending) == expected
    assert (one.subject, one.data, one.reply) == ("results.x", b"{}", reply)


@pytest.mark.parametrize(
    "reply", ["", "_INBOX.x", "$JS.ACK.RESULTS.d.1.2.3.4", "$JS.ACK.a.b.c.d.1.2.3.4", "$JS.FC.a.b"]
)
def test_what_is_no_delivery(reply: str) -> None:
    with pytest.raises(ValueError, match="no delivery"):
        parse(b"results.x", reply.encode(), b"", None)


async def test_messages_come_in_order_and_once(bus: NatsBus, read) -> None:
    await fill(bus, 5000)
    taken = await take(await read(), 5000)
    assert [one.sequence for one in taken] == list(range(1, 5001))
    assert [one.data for one in taken] == [b"%d" % number for number in range(1, 5001)]
    assert taken[0].subject == "results.r1"
    assert taken[-1].pending == 0
    assert taken[0].time_ns == await message_time(bus, "RESULTS", 1)
    await acked(bus, 5000)


async def test_what_has_arrived_is_taken_without_lingering(bus: NatsBus, read) -> None:
    reader = await read()
    taking = asyncio.create_task(reader.take())
    await asyncio.sleep(0.01)
    assert not taking.done()
    await bus.publish("results.a", b"1")
    assert [one.data for one in await taking] == [b"1"]
    await bus.publish("results.a", b"2")
    assert [one.data for one in await reader.take()] == [b"2"]


async def test_a_cancelled_take_loses_nothing(bus: NatsBus, read) -> None:
    reader = await read()
    for number in range(50):
        taking = asyncio.create_task(reader.take())
        await bus.publish("results.a", b"%d" % number)
        taking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            reader.ack(taken := await taking)
            assert taken[0].sequence == number + 1
            continue
        assert (await take(reader, 1))[0].sequence == number + 1


async def test_never_more_in_hand_than_the_credit(bus: NatsBus, read) -> None:
    await fill(bus, 3000)
    reader = await read(credit=100)
    taken = await take(reader, 100, ack=False)
    assert len(taken) == 100
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.take(), 0.05)
    reader.ack(taken[:10])
    more = await take(reader, 10, ack=False)
    assert [one.sequence for one in more] == list(range(101, 111))


async def test_batches_are_bounded_in_messages_and_bytes(bus: NatsBus, read) -> None:
    await fill(bus, 100, size=10_000)
    reader = await read()
    while len(reader._arrived) < 100:
        await asyncio.sleep(0.005)
    assert len(await reader.take(7)) == 7
    assert len(await reader.take(50, 35_000)) == 3
    assert len(await reader.take(50, 1)) == 1


async def test_large_messages_are_bounded_in_bytes_and_all_arrive(bus: NatsBus, read) -> None:
    for number in range(40):
        await bus.publish("results.a", b"%d" % number + b"x" * 900_000)
    reader = await read(max_bytes=4 * 1024 * 1024)
    seen = 0
    most = 0
    while seen < 40:
        batch = await reader.take()
        most = max(most, reader._held_bytes)
        seen += len(batch)
        reader.ack(batch)
    assert most <= 8 * 1024 * 1024
    await acked(bus, 40)


async def test_the_next_batch_arrives_while_the_last_one_is_worked_on(bus: NatsBus, read) -> None:
    await fill(bus, 2000)
    reader = await read()
    first = await take(reader, 500, ack=False)
    while len(reader._arrived) + len(first) < 1000:
        await asyncio.sleep(0.005)
    second = await take(reader, 1, ack=False)
    assert second[0].sequence == first[-1].sequence + 1


# -- beginning -----------------------------------------------------------------------------------


async def test_the_durable_has_the_contracts_settings(bus: NatsBus) -> None:
    await remake_consumer(bus, "EVENTS", "backend_events_projector", filter="events.started.>", start=None)
    info = await consumer_info(bus, "EVENTS", "backend_events_projector")
    assert info is not None
    config = {key: value for key, value in info.config.items() if key != "metadata"}
    assert config == {
        "name": "backend_events_projector",
        "durable_name": "backend_events_projector",
        "deliver_policy": "all",
        "ack_policy": "explicit",
        "ack_wait": 30 * 10**9,
        "max_deliver": -1,
        "filter_subject": "events.started.>",
        "replay_policy": "instant",
        "max_waiting": 512,
        "max_ack_pending": 1000,
        "num_replicas": 0,
    }


@pytest.mark.parametrize("start, first", [(1, 1), (6, 6), (10, 10), (0, 1)])
async def test_it_begins_at_a_sequence(bus: NatsBus, read, start: int, first: int) -> None:
    await fill(bus, 10)
    assert (await take(await read(start), 1))[0].sequence == first


async def test_it_begins_behind_the_end(bus: NatsBus, read) -> None:
    await fill(bus, 10)
    reader = await read(11)
    await bus.publish("results.next", b"")
    assert (await take(reader, 1))[0].sequence == 11


async def test_it_begins_after_a_moment(bus: NatsBus, read) -> None:
    await fill(bus, 10)
    at = await message_time(bus, "RESULTS", 4)
    assert at is not None
    later = [number for number in range(5, 11) if (await message_time(bus, "RESULTS", number) or 0) > at]
    await remake_consumer(bus, "RESULTS", DURABLE, filter=None, after_ns=at)
    taken = await take(await read(remake=False), len(later))
    assert [one.sequence for one in taken] == later


async def test_making_anew_forgets_what_another_reader_had_in_hand(bus: NatsBus, read) -> None:
    """Binding to what exists would hand out 3 first, and 1 and 2 only after 30 s (pitfalls.md)."""
    await fill(bus, 2)
    await take(await read(), 2, ack=False)
    await fill(bus, 1)
    assert [one.sequence for one in await take(await read(1), 3)] == [1, 2, 3]


async def test_facts_about_streams_and_consumers(bus: NatsBus) -> None:
    empty = await stream_info(bus, "RESULTS")
    assert empty is not None
    assert (empty.first_seq, empty.last_seq, empty.messages, empty.last_time) == (0, 0, 0, None)
    await fill(bus, 3)
    info = await stream_info(bus, "RESULTS")
    assert info is not None
    assert info.first_time is not None
    assert info.last_time is not None
    assert (info.first_seq, info.last_seq, info.messages, info.created) == (1, 3, 3, empty.created)
    assert info.last_time.ns == await message_time(bus, "RESULTS", 3)
    assert await message_time(bus, "RESULTS", 4) is None
    assert await stream_info(bus, "NOPE") is None
    assert await consumer_info(bus, "RESULTS", "nope") is None
    assert await consumer_info(bus, "NOPE", "nope") is None
    await bus.api("STREAM.DELETE.RESULTS")
    with pytest.raises(ApiError, match="stream not found"):
        await remake_consumer(bus, "RESULTS", DURABLE, filter=None)


# -- redeliveries and losses ---------------------------------------------------------------------


async def short_waits(bus: NatsBus, **changes: int) -> None:
    config = {
        "name": DURABLE, "durable_name": DURABLE, "ack_policy": "explicit", "deliver_policy": "all",
        "ack_wait": 50_000_000, **changes,
    }  # fmt: skip
    body = {"stream_name": "RESULTS", "config": config, "action": "create"}
    await bus.api(f"CONSUMER.CREATE.RESULTS.{DURABLE}", msgspec.json.encode(body))


async def test_redeliveries_of_what_is_in_hand_are_dropped(bus: NatsBus, read) -> None:
    await fill(bus, 20)
    await short_waits(bus)
    reader = await read(remake=False)
    taken = await take(reader, 20, ack=False)
    while reader._expected < 61:  # everything was delivered three times
        await asyncio.sleep(0.005)
    assert not reader._arrived
    reader.ack(taken)
    await bus.publish("results.last", b"")
    assert [one.sequence for one in await take(reader, 1)] == [21]
    await acked(bus, 21)


async def test_progress_holds_redeliveries_back(bus: NatsBus, read) -> None:
    await fill(bus, 5)
    await short_waits(bus, ack_wait=300_000_000)
    reader = await read(remake=False)
    taken = await take(reader, 5, ack=False)
    for _ in range(10):
        await asyncio.sleep(0.05)
        reader.progress(taken)
    assert reader._expected == 6
    reader.ack(taken)
    await acked(bus, 5)


async def test_a_deleted_consumer_ends_the_reader_at_once(bus: NatsBus, read) -> None:
    reader = await read()
    taking = asyncio.create_task(reader.take())
    await asyncio.sleep(0.01)
    await bus.api(f"CONSUMER.DELETE.RESULTS.{DURABLE}")
    with pytest.raises(ReaderLost, match=r"(?i)consumer deleted"):
        await taking
    with pytest.raises(ReaderLost):
        await reader.take()


async def test_a_deleted_stream_ends_the_reader_at_once(bus: NatsBus, read) -> None:
    reader = await read()
    await asyncio.sleep(0.01)
    await bus.api("STREAM.DELETE.RESULTS")
    with pytest.raises(ReaderLost, match=r"(?i)deleted"):
        await reader.take()


async def test_a_consumer_that_was_never_there(bus: NatsBus, read) -> None:
    reader = await read(remake=False)
    with pytest.raises(ReaderLost, match="no such consumer"):
        await reader.take()


async def test_what_was_in_hand_is_not_handed_out_after_a_loss(bus: NatsBus, read) -> None:
    """A position must never pass over what a new reader will deliver again."""
    await fill(bus, 10)
    reader = await read()
    while len(reader._arrived) < 10:
        await asyncio.sleep(0.005)
    await bus.api(f"CONSUMER.DELETE.RESULTS.{DURABLE}")
    while reader._lost is None:
        await asyncio.sleep(0.005)
    with pytest.raises(ReaderLost):
        await reader.take()
    reader.ack([])
    reader.progress([])


async def test_a_gap_in_the_deliveries_ends_the_reader(bus: NatsBus, read) -> None:
    await fill(bus, 10)
    await remake_consumer(bus, "RESULTS", DURABLE, filter=None)
    other = Reader(bus, "RESULTS", DURABLE, credit=4)  # somebody else reads the same durable
    await other.start()
    await take(other, 4)
    await other.stop()
    with pytest.raises(ReaderLost, match=r"deliveries 1 to [0-9]+ never arrived"):
        await (await read(remake=False)).take()


async def test_a_killed_broker_ends_the_reader(bus: NatsBus, broker: EmbeddedBroker, read) -> None:
    reader = await read()
    taking = asyncio.create_task(reader.take())
    await asyncio.sleep(0.01)
    await broker.kill()
    with pytest.raises(ReaderLost):
        await taking
    reader.ack([])


async def test_a_silent_broker_ends_the_reader(frozen, read, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pings would notice later than heartbeats do."""
    monkeypatch.setattr("kanade_host.bus.pull.SILENCE_SECONDS", 0.05)
    monkeypatch.setattr("kanade_host.bus.pull.GRACE_SECONDS", 0.02)
    reader = await read()
    with frozen(), pytest.raises(ReaderLost, match="no heartbeat of the broker"):
        await reader.take()


async def test_requests_that_expire_are_made_again(
    bus: NatsBus, read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kanade_host.bus.pull.EXPIRES_SECONDS", 0.05)
    monkeypatch.setattr("kanade_host.bus.pull.HEARTBEAT_SECONDS", 0.02)
    reader = await read()
    for number in range(5):
        await asyncio.sleep(0.06)
        await bus.publish("results.a", b"")
        assert (await take(reader, 1))[0].sequence == number + 1
        assert 0 <= reader._requested <= 1000
