"""Where a reader begins: the one decision that keeps "nothing lost, nothing twice" true at every start.

The database is the truth and the durable a bookmark (design.md, "The way of a message"). Each start
compares the position in our database with what the broker holds now; the durable is then made anew
from the sequence, or the moment, that comes out here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Position:
    """How far a projection has come, as written in the transaction of its rows."""

    stream_created: str
    sequence: int
    time_ns: int


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What the broker says of a stream at the moment of the decision.

    `time_at_position` is the broker's time of the message at the position's sequence: None when no
    message is there any more (aged out, deleted).
    """

    created: str
    first_sequence: int
    last_sequence: int
    time_at_position: int | None = None


@dataclass(frozen=True, slots=True)
class Begin:
    """Start at `sequence`, or at the first message later than `after_ns`; neither: at the first message.

    `gap` is the range of sequences that can never be projected, first and last, for the record.
    """

    reason: str
    sequence: int | None = None
    after_ns: int | None = None
    gap: tuple[int, int] | None = None


def decide(position: Position | None, stream: StreamFacts, *, ours: bool, floor: int | None) -> Begin:
    """The decision table of design.md, "Where a reader begins".

    `ours`: this program made the database file. `floor`: acknowledged floor of the durable that did
    this projection's work in kanade-backend, None when there is no such durable.
    """
    if position is None:
        return _without_position(stream, ours=ours, floor=floor)
    if stream.created != position.stream_created:
        return Begin("the stream was made anew", after_ns=position.time_ns)
    if stream.last_sequence < position.sequence:
        return Begin(
            "the stream ends before the position: the broker was restored", after_ns=position.time_ns
        )
    if stream.time_at_position not in (None, position.time_ns):
        return Begin(
            "another message stands at the position: the broker was restored", after_ns=position.time_ns
        )
    following = position.sequence + 1
    if stream.first_sequence > following:
        return Begin(
            "the stream begins after the position",
            sequence=stream.first_sequence,
            gap=(following, stream.first_sequence - 1),
        )
    return Begin("resumed", sequence=following)


def _without_position(stream: StreamFacts, *, ours: bool, floor: int | None) -> Begin:
    if ours or floor is None:
        return Begin("first start")
    if floor > stream.last_sequence:
        # After a power loss of the broker a floor may lie ahead of its stream; trusting it would
        # mean never to read again. Projections stand a replay.
        return Begin("the durable of kanade-backend lies ahead of its stream")
    return Begin("taken over from kanade-backend", sequence=floor + 1)
