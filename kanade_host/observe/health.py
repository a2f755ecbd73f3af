"""Readiness as a set of reasons: the host is ready when nobody names one against it (host.md 9, improved)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kanade_host.plugin.clock import Clock, SystemClock
from kanade_host.plugin.instants import Instant


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is not well: which part says so, what it says, since when.

    `blocking`: requests should go elsewhere meanwhile; otherwise it is only shown.
    """

    part: str
    text: str
    since: Instant
    blocking: bool = True


class Health:
    """Collects reasons by part. All calls are made on the event loop."""

    def __init__(self, clock: Clock | None = None, changed: Callable[[], None] | None = None) -> None:
        self._clock = clock or SystemClock()
        self._changed = changed
        self._reasons: dict[str, Reason] = {}
        self._dead: str | None = None

    def note(self, part: str, text: str | None, *, blocking: bool = True) -> None:
        """A part is not well for that reason; None: it is well again. `since` is of the first note."""
        before = self._reasons.get(part)
        if text is None:
            self._reasons.pop(part, None)
        else:
            since = before.since if before is not None else self._clock.now()
            self._reasons[part] = Reason(part, text, since, blocking)
        if self._reasons.get(part) != before and self._changed is not None:
            self._changed()

    def die(self, text: str) -> None:
        """Only a new process will help: liveness fails from here on."""
        self._dead = self._dead or text

    @property
    def reasons(self) -> list[Reason]:
        """All reasons, blocking ones first, each group by part."""
        return sorted(self._reasons.values(), key=lambda reason: (not reason.blocking, reason.part))

    @property
    def ready(self) -> bool:
        """Nothing blocking is named."""
        return self._dead is None and not any(reason.blocking for reason in self._reasons.values())

    @property
    def alive(self) -> bool:
        """The process can still become well by itself."""
        return self._dead is None

    @property
    def dead_because(self) -> str | None:
        return self._dead
