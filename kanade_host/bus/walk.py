"""Reading a part of a stream once, in one pass: all keys of a bucket, the chunks of an object."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import msgspec

from kanade_host.bus.jetstream import MESSAGE_NOT_FOUND, create_consumer, delete_consumer
from kanade_host.bus.pull import NS, Fetched, Pull, ReaderLost
from kanade_host.plugin.errors import ApiError, BrokerUnavailable, KanadeError

if TYPE_CHECKING:
    from kanade_host.bus.bus import NatsBus

WALK_SECONDS = 5.0
FORGOTTEN_SECONDS = 30
LOOKS = 50
"""How often a pass asks whether more was written meanwhile; each time only what came since is left."""


def passing(filter: str, *, last_per_subject: bool) -> dict[str, Any]:
    """A consumer for one pass, which the broker forgets by itself."""
    return {
        "name": f"kanade-{uuid.uuid4().hex}",
        "ack_policy": "none",
        "replay_policy": "instant",
        "deliver_policy": "last_per_subject" if last_per_subject else "all",
        "filter_subject": filter,
        "mem_storage": True,
        "num_replicas": 1,
        "inactive_threshold": FORGOTTEN_SECONDS * NS,
    }


class _Walk(Pull):
    """Ends when the broker says that nothing more is there."""

    idle = False

    def on_idle(self) -> None:
        # What was listed at the start may have been overwritten meanwhile, and nothing is pending.
        if not self._arrived:
            self.idle = True
            self._lose("nothing more is there")


async def walk(bus: NatsBus, stream: str, filter: str, *, last_per_subject: bool) -> list[Fetched]:
    """All messages, or the last of each subject, that were there at the start, in stream order.

    Messages that arrive meanwhile may be among them, a subject's later one behind its earlier one. A subject
    that is written again meanwhile is there all the same, though the message of the start may be gone.
    Raises `ApiError`, `BrokerUnavailable`; the latter also when five seconds pass without any progress.
    """
    config = passing(filter, last_per_subject=last_per_subject)
    if last_per_subject:
        # The count of pending messages is not reliable in this mode (seen on nats-server 2.15: too low
        # after a change of the consumer). Deliveries ascend, so the last one ends them.
        until = await _last(bus, stream, filter)
        if until == 0:
            return []
        await create_consumer(bus, stream, config)
    else:
        until = 0
        if (await create_consumer(bus, stream, config))["num_pending"] == 0:
            bus.connection.spawn(_forget(bus, stream, config["name"]))
            return []
    try:
        return await _read(bus, stream, config["name"], filter, until)
    finally:
        bus.connection.spawn(_forget(bus, stream, config["name"]))


async def sizes(bus: NatsBus, stream: str, filter: str) -> AsyncIterator[tuple[int, int]]:
    """Sequence and length of each message under a filter, in stream order, without fetching any body."""
    config = passing(filter, last_per_subject=False) | {"headers_only": True}
    pending = (await create_consumer(bus, stream, config))["num_pending"]
    try:
        if pending:
            async for batch in _batches(bus, stream, config["name"], filter, 0):
                for one in batch:
                    yield one.sequence, int((one.headers or {}).get("Nats-Msg-Size", "0"))
    finally:
        bus.connection.spawn(_forget(bus, stream, config["name"]))


async def _read(bus: NatsBus, stream: str, consumer: str, filter: str, until: int) -> list[Fetched]:
    found: list[Fetched] = []
    async for batch in _batches(bus, stream, consumer, filter, until):
        found += batch
    return found


async def _batches(
    bus: NatsBus, stream: str, consumer: str, filter: str, until: int
) -> AsyncIterator[list[Fetched]]:
    """Up to that sequence, and what was written under the filter by then; with 0, until nothing is pending.

    Where a stream keeps one message of a subject, one that is overwritten before it is delivered comes again
    behind the end, under the sequence of the later write: whoever stops at the end has not seen it.
    """
    pull = _Walk(bus, stream, consumer)
    last: Fetched | None = None
    looks = 0
    try:
        await pull.start()
        while last is None or (last.sequence < until if until else last.pending):
            async with asyncio.timeout(WALK_SECONDS):
                batch = await pull.take()
            pull.release(len(batch), sum(len(one.data) for one in batch))
            last = batch[-1]
            yield batch
            if 0 < until <= last.sequence and looks < LOOKS:
                looks += 1
                until = max(until, await _last(bus, stream, filter))
    except TimeoutError:
        raise BrokerUnavailable(f"reading {filter} stopped: nothing came for {WALK_SECONDS:g} s") from None
    except ReaderLost as error:
        if not pull.idle:
            raise BrokerUnavailable(str(error)) from None
    finally:
        await pull.stop()


async def _last(bus: NatsBus, stream: str, filter: str) -> int:
    """The sequence of the last message under a filter, 0 = there is none."""
    try:
        answer = await bus.api(f"STREAM.MSG.GET.{stream}", msgspec.json.encode({"last_by_subj": filter}))
    except ApiError as error:
        if error.err_code == MESSAGE_NOT_FOUND:
            return 0
        raise
    return int(answer["message"]["seq"])


async def _forget(bus: NatsBus, stream: str, name: str) -> None:
    with contextlib.suppress(KanadeError):
        await delete_consumer(bus, stream, name)
