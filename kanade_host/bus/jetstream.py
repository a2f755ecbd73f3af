"""What the broker says of streams and consumers, and how a durable is made anew.

`contract/wire.md` 3.2 has the durables' settings; design.md, "Where a reader begins", says why a reader
makes its durable anew instead of binding to what is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from kanade_host.plugin.errors import ApiError
from kanade_host.plugin.instants import Instant

if TYPE_CHECKING:
    from kanade_host.bus.bus import NatsBus

STREAM_NOT_FOUND = 10059
CONSUMER_NOT_FOUND = 10014
MESSAGE_NOT_FOUND = 10037
NOT_FOUND = 404


class StreamInfo(msgspec.Struct, frozen=True):
    """`created` is the broker's text: another one means another stream. Times are None in an empty stream."""

    name: str
    created: str
    first_seq: int
    last_seq: int
    messages: int
    bytes: int
    first_time: Instant | None
    last_time: Instant | None
    config: dict[str, Any]


class ConsumerInfo(msgspec.Struct, frozen=True):
    """`ack_floor` and `delivered` are stream sequences; `pending` messages have not been delivered yet."""

    name: str
    created: str
    ack_floor: int
    delivered: int
    ack_pending: int
    pending: int
    config: dict[str, Any]


def _time(text: str | None) -> Instant | None:
    return None if text is None or text.startswith("0001-") else Instant.parse(text)


async def stream_info(bus: NatsBus, stream: str) -> StreamInfo | None:
    """None when there is no such stream. Raises `BrokerUnavailable`, `ApiError`."""
    try:
        answer = await bus.api(f"STREAM.INFO.{stream}")
    except ApiError as error:
        if error.err_code == STREAM_NOT_FOUND:
            return None
        raise
    state = answer["state"]
    return StreamInfo(
        name=stream,
        created=answer["created"],
        first_seq=state["first_seq"],
        last_seq=state["last_seq"],
        messages=state["messages"],
        bytes=state["bytes"],
        first_time=_time(state.get("first_ts")),
        last_time=_time(state.get("last_ts")),
        config=answer["config"],
    )


async def consumer_info(bus: NatsBus, stream: str, durable: str) -> ConsumerInfo | None:
    """None when there is no such consumer, or no such stream. Raises `BrokerUnavailable`, `ApiError`."""
    try:
        answer = await bus.api(f"CONSUMER.INFO.{stream}.{durable}")
    except ApiError as error:
        if error.err_code in (CONSUMER_NOT_FOUND, STREAM_NOT_FOUND):
            return None
        raise
    return ConsumerInfo(
        name=durable,
        created=answer["created"],
        ack_floor=answer["ack_floor"]["stream_seq"],
        delivered=answer["delivered"]["stream_seq"],
        ack_pending=answer["num_ack_pending"],
        pending=answer["num_pending"],
        config=answer["config"],
    )


async def message_time(bus: NatsBus, stream: str, sequence: int) -> int | None:
    """The broker's time of one message, nanoseconds; None when it is not (or no longer) in the stream."""
    try:
        answer = await bus.api(f"STREAM.MSG.GET.{stream}", msgspec.json.encode({"seq": sequence}))
    except ApiError as error:
        if error.code == NOT_FOUND:
            return None
        raise
    return Instant.parse(answer["message"]["time"]).ns


async def remake_consumer(
    bus: NatsBus,
    stream: str,
    durable: str,
    *,
    filter: str | None,
    start: int | None = None,
    after_ns: int | None = None,
) -> None:
    """Delete the durable if it is there, and make it with the contract's settings (wire.md 3.2).

    It delivers from sequence `start`, or from the first message later than `after_ns`; without either
    from the first message on. A `start` more than one beyond the stream's end is waited for, so look at
    the stream first. Raises `ApiError` (404 when the stream is gone) and `BrokerUnavailable`.
    """
    await delete_consumer(bus, stream, durable)
    config = delivery(filter, start, after_ns) | {"name": durable, "durable_name": durable}
    await create_consumer(bus, stream, config | {"ack_policy": "explicit"})


def delivery(filter: str | None, start: int | None, after_ns: int | None) -> dict[str, Any]:
    """What a consumer delivers: see `remake_consumer`."""
    config: dict[str, Any] = {"replay_policy": "instant", "deliver_policy": "all"}
    if filter is not None:
        config["filter_subject"] = filter
    if start is not None:
        config |= {"deliver_policy": "by_start_sequence", "opt_start_seq": max(start, 1)}
    elif after_ns is not None:
        config |= {"deliver_policy": "by_start_time", "opt_start_time": Instant.from_ns(after_ns + 1).wire}
    return config


async def create_consumer(bus: NatsBus, stream: str, config: dict[str, Any]) -> dict[str, Any]:
    """Create a consumer; the broker's answer. Raises `ApiError`, `BrokerUnavailable`."""
    body = msgspec.json.encode({"stream_name": stream, "config": config, "action": "create"})
    return await bus.api(f"CONSUMER.CREATE.{stream}.{config['name']}", body)


async def delete_consumer(bus: NatsBus, stream: str, name: str) -> None:
    """Delete a consumer; one that is not there is fine. Raises `ApiError`, `BrokerUnavailable`."""
    try:
        await bus.api(f"CONSUMER.DELETE.{stream}.{name}")
    except ApiError as error:
        if error.err_code != CONSUMER_NOT_FOUND:
            raise
