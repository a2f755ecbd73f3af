"""The decision table of where a reader begins (design.md, "Where a reader begins")."""

from __future__ import annotations

import pytest

from kanade_host.projection.begin import Begin, Position, StreamFacts, decide

AT = 1_700_000_000_000_000_000
THERE = Position("created-1", 100, AT)


def stream(created: str = "created-1", first: int = 1, last: int = 500, at: int | None = AT) -> StreamFacts:
    return StreamFacts(created, first, last, at)


CASES = {
    "our database, no position": (None, stream(), True, 50, (None, None, None)),
    "upstream's database, no durable": (None, stream(), False, None, (None, None, None)),
    "upstream's database, durable at 50": (None, stream(), False, 50, (51, None, None)),
    "upstream's database, nothing acknowledged": (None, stream(), False, 0, (1, None, None)),
    "upstream's database, floor ahead of the stream": (None, stream(last=10), False, 50, (None, None, None)),
    "resumed": (THERE, stream(), True, None, (101, None, None)),
    "resumed, nothing new": (THERE, stream(last=100), True, None, (101, None, None)),
    "resumed, the message at the position has aged out": (
        THERE,
        stream(first=101, at=None),
        True,
        None,
        (101, None, None),
    ),
    "a durable's floor never matters once there is a position": (
        THERE,
        stream(),
        False,
        7,
        (101, None, None),
    ),
    "made anew": (THERE, stream(created="created-2"), True, None, (None, AT, None)),
    "restored, shorter than the position": (THERE, stream(last=60, at=None), True, None, (None, AT, None)),
    "restored, and grown past the position again": (THERE, stream(at=AT + 5), True, None, (None, AT, None)),
    "aged out beyond the position": (THERE, stream(first=200, at=None), True, None, (200, None, (101, 199))),
    "purged": (THERE, stream(first=501, last=500, at=None), True, None, (501, None, (101, 500))),
}


@pytest.mark.parametrize("name", CASES)
def test_where_a_reader_begins(name: str) -> None:
    position, facts, ours, floor, expected = CASES[name]
    begin: Begin = decide(position, facts, ours=ours, floor=floor)
    assert (begin.sequence, begin.after_ns, begin.gap) == expected, begin.reason
