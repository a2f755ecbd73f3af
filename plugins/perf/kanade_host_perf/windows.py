"""Time ranges and buckets, as all charts have them (`contract/http-jobs.md` 10)."""

from __future__ import annotations

from dataclasses import dataclass

from kanade_host.plugin import BadDuration, HttpError, Instant, whole_seconds

HOUR = 3_600
MOST_BUCKETS = 10_000
LONGEST = 10**10
"""Seconds; longer windows reach beyond the calendar."""


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to before `end`, in buckets of `step` seconds."""

    start: Instant
    end: Instant
    step: int


def window(start: Instant | None, end: Instant | None, step: str, now: Instant) -> Window:
    """The range that a request asks for. Raises `HttpError` 400 (empty)."""
    seconds = duration(step)
    end = end or now
    start = start or end - HOUR
    if seconds < 1 or start >= end or int(end - start) // seconds > MOST_BUCKETS:
        raise HttpError(400)
    return Window(start, end, seconds)


def duration(text: str) -> int:
    """Whole seconds. Raises `HttpError` 400 (empty)."""
    try:
        seconds = whole_seconds(text)
    except BadDuration:
        raise HttpError(400) from None
    if seconds > LONGEST:
        raise HttpError(400)
    return seconds


SECONDS = "CAST(strftime('%s', at) AS INTEGER)"
"""A sample's time in whole seconds since 1970."""
BUCKET = f"{SECONDS} / ? * ?"
"""The bucket of a sample; its start is a multiple of the step since 1970."""


def bucket_start(seconds: int) -> str:
    """A bucket's start as JSON has it."""
    return Instant.from_ns(seconds * 1_000_000_000).wire
