"""What changed, and when: the clock by which kept answers are valid and live clients are told.

Commits have numbers of the database. What changes without a commit (a live map, a plugin's state) has
none, so validity goes by a tick of our own that moves with either. Everything here runs on the loop.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterable, Mapping

MANY_KEYS = 1_000
"""More keys than this of one topic are told as "all"."""

Topics = dict[str, set[str] | None]
"""Topic -> what changed in it; None means anything."""


def merge(into: Topics, more: Mapping[str, Iterable[str] | None]) -> None:
    """Add what changed; "all" swallows keys, and so do too many of them."""
    for topic, keys in more.items():
        known = into.get(topic, ...)
        if known is None:
            continue
        if keys is None:
            into[topic] = None
            continue
        gathered = set(keys) if known is ... else known.union(keys)
        into[topic] = None if len(gathered) > MANY_KEYS else gathered


class Changes:
    """The last changes, and for each topic the tick at which it last changed.

    `epoch` names this run of the host: numbers of another run say nothing about what was missed.
    """

    def __init__(self, commit: int = 0, *, ring: int = 4_096, ring_keys: int = 100_000) -> None:
        self.commit = commit
        """The number of the newest commit that this process knows."""
        self.commit_line = b""
        """`x-kanade-commit` as a header line, made once for each commit."""
        self.epoch = secrets.token_hex(8)
        self.tick = 0
        self._ticks: dict[str, int] = {}
        self._ring: deque[tuple[int, bool, Topics, int]] = deque()
        self._ring_limit, self._ring_keys, self._keys = ring, ring_keys, 0
        self._oldest = commit
        self._listeners: list[Callable[[Topics], None]] = []
        self._write_line()

    def begin_at(self, number: int) -> None:
        """The database is open, and stands at that commit; nothing is known of earlier ones."""
        self.commit = self._oldest = number
        self._write_line()

    def committed(self, number: int, changes: Mapping[str, Iterable[str] | None]) -> None:
        """Commit `number` is durable. Call it before the future of any of its writers resolves:
        who was told that a write is done must not be given an answer from before it.
        """
        self.commit = max(self.commit, number)
        self._write_line()
        self._record(changes, numbered=True)

    def changed(self, topic: str, keys: Iterable[str] = ()) -> None:
        """Something changed that is in no table; no keys means anything under that topic."""
        self._record({topic: set(keys) or None}, numbered=False)

    def last(self, topics: Iterable[str]) -> int:
        """The tick at which one of these topics last changed; 0 if none has."""
        ticks = self._ticks
        return max((ticks.get(topic, 0) for topic in topics), default=0)

    def since(self, number: int) -> Topics | None:
        """What changed after commit `number`, merged; None when that is not known any more.

        What changed without a commit is told again to whoever stood at that commit: events are hints.
        """
        if number < self._oldest or number > self.commit:
            return None
        found: Topics = {}
        for commit, numbered, topics, _ in self._ring:
            if commit > number or (commit == number and not numbered):
                merge(found, topics)
        return found

    def listen(self, listener: Callable[[Topics], None]) -> None:
        """Have `listener` called on the loop with each change."""
        self._listeners.append(listener)

    def _record(self, changes: Mapping[str, Iterable[str] | None], *, numbered: bool) -> None:
        self.tick += 1
        topics: Topics = {}
        merge(topics, changes)
        for topic in topics:
            self._ticks[topic] = self.tick
        size = 1 + sum(len(keys or ()) for keys in topics.values())
        self._ring.append((self.commit, numbered, topics, size))
        self._keys += size
        while len(self._ring) > self._ring_limit or self._keys > self._ring_keys:
            commit, _, _, gone = self._ring.popleft()
            self._keys -= gone
            self._oldest = commit
        for listener in self._listeners:
            listener(topics)

    def _write_line(self) -> None:
        self.commit_line = b"x-kanade-commit: %d\r\n" % self.commit
