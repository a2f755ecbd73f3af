"""A range of time in pieces: sums where whole buckets lie in it, samples where it begins and ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kanade_host.plugin import Instant

NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Piece:
    """From `start` to before `end`. `width`: seconds of the buckets to read; None: the samples themselves."""

    width: int | None
    start: Instant
    end: Instant


def pieces(start: Instant, end: Instant, widths: Sequence[int]) -> list[Piece]:
    """The range cut up by time, with the widest buckets that fit. `widths`: the widest first."""
    if start >= end:
        return []
    if not widths:
        return [Piece(None, start, end)]
    width = widths[0] * NS
    first, last = -(-start.ns // width) * width, end.ns // width * width
    if first >= last:
        return pieces(start, end, widths[1:])
    low, high = Instant.from_ns(first), Instant.from_ns(last)
    return [
        *pieces(start, low, widths[1:]),
        Piece(widths[0], low, high),
        *pieces(high, end, widths[1:]),
    ]


def fitting(step: int, widths: Sequence[int]) -> list[int]:
    """The widths whose buckets lie within one bucket of `step` seconds each."""
    return [width for width in widths if step % width == 0]


def bounds(piece: Piece) -> tuple[int | str, int | str]:
    """Both ends as the columns have them: seconds since 1970 of buckets, text of samples."""
    if piece.width is None:
        return piece.start.stored, piece.end.stored
    return piece.start.ns // NS, piece.end.ns // NS
