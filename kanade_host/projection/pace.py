"""How many messages one transaction takes while a backlog is read: as many as fit into its time.

At depth each row costs a page of an index on a random key; the more rows a transaction has, the more of
them share one. But the writer is held meanwhile, and a request that writes waits (design.md: 100 ms).
"""

from __future__ import annotations

import time
from types import TracebackType

LEAST, MOST = 1_000, 4_000
SHORT_SECONDS, LONG_SECONDS = 0.05, 0.1


class Pace:
    """`limit` messages are taken next; measure each transaction with `with pace:`."""

    def __init__(self) -> None:
        self.limit = LEAST
        self._began = 0.0

    def __enter__(self) -> None:
        self._began = time.monotonic()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.took(time.monotonic() - self._began)

    def took(self, seconds: float) -> None:
        """A full batch has taken so long, waiting for the writer included."""
        if seconds < SHORT_SECONDS:
            self.limit = min(self.limit * 2, MOST)
        elif seconds > LONG_SECONDS:
            self.limit = max(self.limit // 2, LEAST)
