"""Streams, buckets and object stores that a plugin needs beside those of the wire contract.

The host itself ensures every resource of kanade-backend, whichever plugins run: its command line,
agents and a switched-off plugin that comes back later rely on them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stream:
    """A JetStream stream. `max_age` in seconds, 0 = for ever; `per_subject` -1 = no limit."""

    name: str
    subjects: tuple[str, ...]
    max_age: float = 0
    per_subject: int = -1


@dataclass(frozen=True, slots=True)
class Bucket:
    """A key-value bucket; `history` values are kept per key (1 to 64)."""

    name: str
    history: int = 5


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """An object store. `max_age` in seconds, 0 = for ever."""

    name: str
    max_age: float = 0


Resource = Stream | Bucket | ObjectStore
