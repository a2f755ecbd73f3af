"""How many messages wait while a backlog is sifted.

The broker says with each message how many come after it. A reader that sifts is given all of them, also those
that its filter leaves out, so that figure is of the whole stream. How many of it passed the filter at the
beginning is known; what has arrived since is not known by kind, and counts in full.
"""

from __future__ import annotations

from kanade_host.bus.reader import Fetched


class Sifting:
    """`passing`: messages that passed the filter when the reader had opened, of `all_waiting`."""

    def __init__(self, passing: int, all_waiting: int) -> None:
        self._passing, self._all = passing, all_waiting

    def after(self, count: int, last: Fetched) -> tuple[int, bool]:
        """`count` more that pass are done, up to `last`: how many wait, and whether that is at most."""
        self._passing -= count
        arrived = max(last.pending + last.consumer_sequence - self._all, 0)
        return min(last.pending, max(self._passing + arrived, 0)), arrived > 0
