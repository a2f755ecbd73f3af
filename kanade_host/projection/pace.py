"""How many messages one part of a batch has while a backlog is read: as many as fit into its time.

At depth each row costs a page of an index on a random key; the more rows a transaction has, the more of
them share one. So several parts are given to the writer at once, which commits them together. But between
two of them it takes requests that write: a part is what those wait for (design.md: 100 ms at most).
"""

from __future__ import annotations

LEAST, MOST = 256, 2_048
PARTS = 2
SHORT_SECONDS, LONG_SECONDS = 0.03, 0.06


class Pace:
    """`limit` messages are a part, and `PARTS` of them are taken next."""

    def __init__(self) -> None:
        self.limit = MOST

    def took(self, messages: int, seconds: float) -> None:
        """A part of so many messages has held the writer for so long."""
        if seconds > LONG_SECONDS:
            self.limit = max(self.limit // 2, LEAST)
        elif seconds < SHORT_SECONDS and messages >= self.limit:
            self.limit = min(self.limit * 2, MOST)
