"""Begin a reader: gather the facts, decide, record a gap, make the durable anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog

from kanade_host.bus.bus import NatsBus
from kanade_host.bus.reader import (
    ReaderLost,
    consumer_info,
    message_time,
    remake_consumer,
    stream_info,
)
from kanade_host.plugin.clock import Clock
from kanade_host.plugin.errors import ResourceMissing
from kanade_host.plugin.subscriptions import Projection
from kanade_host.projection.begin import Begin, Position, StreamFacts, decide
from kanade_host.projection.ledger import Ledger

log = structlog.get_logger("kanade_host.projection")


@dataclass(frozen=True, slots=True)
class Begun:
    """What came out: the stream's creation time, the decision, the position that it was made from, how
    many messages wait (-1 = not known), and how many the stream has from there on, for whomever (0 = not
    known).
    """

    created: str
    decision: Begin
    position: Position | None
    lag: int
    of_all: int


async def begin(
    projection: Projection, *, bus: NatsBus, writer: Any, ledger: Ledger, clock: Clock, ours: bool
) -> Begun:
    """Decide where to begin and make the durable so.

    Raises `ResourceMissing`, `BrokerUnavailable`, and `ReaderLost` when the stream was made anew meanwhile.
    """
    position = await writer.run("host", ledger.read)
    info = await stream_info(bus, projection.stream)
    if info is None:
        raise ResourceMissing(f"stream {projection.stream} does not exist")
    at = await _time_at(bus, projection, position.sequence) if position else None
    facts = StreamFacts(info.created, info.first_seq, info.last_seq, at)
    floor = None if position or ours else await _floor(bus, projection)
    decision = decide(position, facts, ours=ours, floor=floor)
    if decision.gap is not None:
        await _record(decision, facts.created, writer, ledger, clock)
    if position is None and decision.sequence is not None:
        position = await _taken_over(decision.sequence - 1, facts.created, projection, bus, writer, ledger)
    log.info("projection begins", projection=projection.name, reason=decision.reason)
    await remake_consumer(
        bus,
        projection.stream,
        projection.durable,
        filter=projection.filter,
        start=decision.sequence,
        after_ns=decision.after_ns,
    )
    made = await consumer_info(bus, projection.stream, projection.durable)
    now = await stream_info(bus, projection.stream)
    if now is None or now.created != facts.created:
        # The durable would wait for a sequence that the new stream reaches much later.
        raise ReaderLost(f"stream {projection.stream} was made anew while a reader was beginning")
    first = max(decision.sequence or 0, now.first_seq)
    of_all = 0 if decision.after_ns is not None else now.last_seq - first + 1
    return Begun(facts.created, decision, position, made.pending if made else -1, of_all)


async def _time_at(bus: NatsBus, projection: Projection, sequence: int) -> int | None:
    return await message_time(bus, projection.stream, sequence) if sequence > 0 else None


async def _taken_over(
    floor: int, created: str, projection: Projection, bus: NatsBus, writer: Any, ledger: Ledger
) -> Position:
    """Keep what kanade-backend's durable says: whoever ends between deleting and making it would lose it."""
    position = Position(created, floor, await _time_at(bus, projection, floor) or 0)
    await writer.run("host", lambda tx: ledger.advance(tx, position))
    return position


async def _floor(bus: NatsBus, projection: Projection) -> int | None:
    """What kanade-backend's durable had acknowledged, for a database that it filled."""
    for durable in (projection.durable, projection.begins_at):
        info = await consumer_info(bus, projection.stream, durable) if durable else None
        if info is not None:
            return info.ack_floor
    return None


async def _record(decision: Begin, created: str, writer: Any, ledger: Ledger, clock: Clock) -> None:
    gap = decision.gap
    assert gap is not None
    log.warning(
        "messages are gone from the stream for good",
        projection=ledger.projection,
        first=gap[0],
        last=gap[1],
    )
    now = clock.now()

    def write(tx: Any) -> None:
        ledger.note_gap(tx, created, gap, decision.reason, now)

    await writer.run("host", write)
