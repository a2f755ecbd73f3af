"""Durations in the "humantime" grammar of the contract (`contract/manifest.md` 8)."""

from __future__ import annotations


class BadDuration(ValueError):
    """The text is no duration; the message is the one of the contract."""


def parse_duration(text: str) -> int:
    """Nanoseconds, 0 to 2**64 seconds. Raises `BadDuration`."""
    raise NotImplementedError(text)


def whole_seconds(text: str) -> int:
    """The duration's seconds, fraction cut. Raises `BadDuration`."""
    return parse_duration(text) // 1_000_000_000
