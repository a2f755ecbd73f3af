"""Reading a part of a stream once, in one pass: all keys of a bucket, the chunks of an object."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import TYPE_CHECKING, Any

from kanade_host.bus.jetstream import create_consumer, delete_consumer
from kanade_host.bus.pull import NS, Fetched, Pull, ReaderLost
from kanade_host.plugin.errors import BrokerUnavailable, KanadeError

if TYPE_CHECKING:
    from kanade_host.bus.bus import NatsBus

WALK_SECONDS = 5.0
FORGOTTEN_SECONDS = 30


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

    Messages that arrive meanwhile may be among them. Raises `ApiError`, `BrokerUnavailable`; the latter
    also when five seconds pass without any progress.
    """
    config = passing(filter, last_per_subject=last_per_subject)
    info = await create_consumer(bus, stream, config)
    if info["num_pending"] == 0:
        bus.connection.spawn(_forget(bus, stream, config["name"]))
        return []
    pull = _Walk(bus, stream, config["name"])
    found: list[Fetched] = []
    try:
        await pull.start()
        while not found or found[-1].pending:
            async with asyncio.timeout(WALK_SECONDS):
                batch = await pull.take()
            pull.release(len(batch), sum(len(one.data) for one in batch))
            found += batch
    except TimeoutError:
        raise BrokerUnavailable(f"reading {filter} stopped: nothing came for {WALK_SECONDS:g} s") from None
    except ReaderLost as error:
        if not pull.idle:
            raise BrokerUnavailable(str(error)) from None
    finally:
        await pull.stop()
        bus.connection.spawn(_forget(bus, stream, config["name"]))
    return found


async def _forget(bus: NatsBus, stream: str, name: str) -> None:
    with contextlib.suppress(KanadeError):
        await delete_consumer(bus, stream, name)
