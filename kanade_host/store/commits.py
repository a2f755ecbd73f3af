"""What one commit changed: the number that kept answers, ETags and live events go by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

Changes = dict[str, set[str] | None]
"""Topic -> the keys that changed, or None for "anything under this topic"."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit that changed something. Numbers grow by one and survive restarts.

    `sent`: something was put into the outbox.
    """

    number: int
    changes: Changes = field(default_factory=dict)
    sent: bool = False


def note(changes: Changes, topic: str, keys: Iterable[str]) -> None:
    """Add keys to a topic; no keys means anything, and anything swallows keys."""
    added = set(keys)
    if not added:
        changes[topic] = None
        return
    known = changes.setdefault(topic, set())
    if known is not None:
        known |= added


def merge(into: Changes, more: Changes) -> None:
    """Add what another transaction of the same commit changed."""
    for topic, keys in more.items():
        note(into, topic, keys or ())


def copied(changes: Changes) -> Changes:
    """A copy that later notes do not reach."""
    return {topic: None if keys is None else set(keys) for topic, keys in changes.items()}
