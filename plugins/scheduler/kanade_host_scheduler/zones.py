"""Wall clocks of time zones, with rules for the two days a year that they jump.

Upstream knows UTC only; a schedule with the key `time_zone` is ours (`docs/decisions/schedules.md`):

- A schedule with fixed hours ticks once a day whatever the clock does: what falls into the hour that is
  left out ticks at the moment when the clock jumps, what falls into the hour that comes twice ticks the
  first time only.
- A schedule of every hour is about intervals, and follows real time: nothing is made up for in the hour
  that is left out, and the hour that comes twice has its ticks twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

NextLocal = Callable[[datetime], datetime | None]

MARGIN = timedelta(hours=26)
"""No zone has ever jumped further."""
SECOND = timedelta(seconds=1)


class BadZone(ValueError):
    """No such time zone; the message says what to write."""


class Zone:
    """One time zone of the IANA database, by name."""

    def __init__(self, name: str) -> None:
        """Raises `BadZone`."""
        if not name.isascii() or name.startswith("/") or name.lower() in ("", "localtime", "posixrules"):
            raise BadZone(_UNKNOWN.format(name))
        try:
            self._info = ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise BadZone(_UNKNOWN.format(name)) from None
        self.name = name

    def after(self, next_local: NextLocal, start: datetime, *, real_time: bool) -> datetime | None:
        """The first tick after `start`, both UTC without tzinfo."""
        if not MIN < start < MAX:
            return None
        local: datetime | None = start + self._least_offset(start)
        best: datetime | None = None
        while local is not None and (local := next_local(local)) is not None and local < MAX:
            ticks = self._real(local) if real_time else [self._fixed(local)]
            best = min((tick for tick in (*ticks, best) if tick is not None and tick > start), default=None)
            # What the clock shows twice may be shown for the second time later than what comes next.
            if best is not None and (not real_time or self._is_plain(local)):
                return best
        return best

    def _least_offset(self, start: datetime) -> timedelta:
        """The offset now, or the one that comes where the clock is about to be set back over now."""
        now, later = self._offset(start), self._offset(start + MARGIN)
        return min(now, self._offset(start + (now - later))) if later < now else now

    def _offset(self, moment: datetime) -> timedelta:
        found = moment.replace(tzinfo=UTC).astimezone(self._info).utcoffset()
        assert found is not None
        return found

    def _utc(self, local: datetime, fold: int) -> datetime:
        found = local.replace(tzinfo=self._info, fold=fold).astimezone(UTC)
        return found.replace(tzinfo=None, fold=0)

    def _exists(self, local: datetime) -> bool:
        return self._utc(local, 0) + self._offset(self._utc(local, 0)) == local

    def _is_plain(self, local: datetime) -> bool:
        return self._utc(local, 0) == self._utc(local, 1)

    def _real(self, local: datetime) -> list[datetime]:
        """Each moment at which the wall clock shows that: none, one or two."""
        return [self._utc(local, 0), self._utc(local, 1)] if self._exists(local) else []

    def _fixed(self, local: datetime) -> datetime:
        """The moment that is meant, exactly one."""
        return self._utc(local, 0) if self._exists(local) else self._jump(local)

    def _jump(self, local: datetime) -> datetime:
        """The moment when the clock jumps over `local`."""
        before, after = self._utc(local, 1), self._utc(local, 0)
        old = self._offset(before)
        while after - before > SECOND:
            middle = before + (after - before) // 2
            middle = middle.replace(microsecond=0)
            if middle <= before:
                break
            if self._offset(middle) == old:
                before = middle
            else:
                after = middle
        return after


MIN = datetime(1, 1, 3)  # noqa: DTZ001 - a wall clock has no zone
MAX = datetime(9999, 12, 28)  # noqa: DTZ001
_UNKNOWN = "time_zone: `{}` is no time zone; give a name such as `Asia/Tokyo` or `Europe/Berlin`"


@lru_cache(maxsize=512)
def zone(name: str) -> Zone:
    """The zone of that name. Raises `BadZone`."""
    return Zone(name)
