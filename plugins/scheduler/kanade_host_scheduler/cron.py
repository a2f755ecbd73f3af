"""When a cron expression ticks: a type of our own, as text of a schedule or of a question.

The calendar is ours and not croniter's (see `cron_text`): years run to 5000, and nearest weekdays, last
days and nth weekdays combine freely, all with AND. Croniter is what the tests compare it with.
The days of a year depend only on which of 14 calendars the year has, so each is worked out once: "never"
is an answer too, and it comes at once.
"""

from __future__ import annotations

import calendar
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from kanade_host.plugin import Instant
from kanade_host_scheduler.cron_text import LAST, LAST_YEAR, BadCron, Field, parse_fields
from kanade_host_scheduler.zones import Zone

__all__ = ["BadCron", "Cron", "parsed"]

SECOND = timedelta(seconds=1)
KEPT_LENGTH = 200


class Cron:
    """A parsed expression; `text` is as it was given, `fields` are second to year."""

    def __init__(self, text: str) -> None:
        """Raises `BadCron`."""
        self.text = text
        self.fields = parse_fields(text)
        second, minute, hour, self._days, month, self._weekdays, year = self.fields
        self._seconds, self._minutes, self._hours = (sorted(one.values) for one in (second, minute, hour))
        self._months = sorted(month.values)
        self._years = sorted(year.values)
        self.every_hour = len(self._hours) == 24
        self._calendars: dict[tuple[int, bool], list[tuple[int, int]]] = {}

    def after(self, moment: Instant, zone: Zone | None = None) -> Instant | None:
        """The first tick strictly after the second of `moment`; None: there is none any more."""
        start = datetime.fromisoformat(moment.stored[:19])
        if zone is None:
            found = self.next_local(start)
        else:
            found = zone.after(self.next_local, start, real_time=self.every_hour)
        return None if found is None else Instant(found.replace(tzinfo=UTC).isoformat())

    def next(self, moment: Instant, count: int, zone: Zone | None = None) -> list[Instant]:
        """The next `count` ticks; fewer where there are no more."""
        found: list[Instant] = []
        while len(found) < count:
            tick = self.after(found[-1] if found else moment, zone)
            if tick is None:
                break
            found.append(tick)
        return found

    def next_local(self, start: datetime) -> datetime | None:
        """The first matching second after `start` on a wall clock without a zone."""
        if not (self._seconds and self._minutes and self._hours) or start.year > LAST_YEAR:
            return None
        first = start.replace(microsecond=0) + SECOND
        for day in self._dates(first.date()):
            found = self._time(first.time() if day == first.date() else time())
            if found is not None:
                return datetime.combine(day, found)
        return None

    # -- times of day ------------------------------------------------------------------------

    def _time(self, start: time) -> time | None:
        """The first matching time of day that is not before `start`."""
        hour = _from(self._hours, start.hour)
        if hour is None:
            return None
        if hour > start.hour:
            return time(hour, self._minutes[0], self._seconds[0])
        minute = _from(self._minutes, start.minute)
        if minute == start.minute:
            second = _from(self._seconds, start.second)
            if second is not None:
                return time(hour, minute, second)
            minute = _from(self._minutes, start.minute + 1)
        if minute is not None:
            return time(hour, minute, self._seconds[0])
        hour = _from(self._hours, start.hour + 1)
        return None if hour is None else time(hour, self._minutes[0], self._seconds[0])

    # -- dates -------------------------------------------------------------------------------

    def _dates(self, start: date) -> Iterator[date]:
        """Matching dates from `start` on, in order."""
        for year in self._years[bisect_left(self._years, start.year) :]:
            days = self._calendar(year)
            first = bisect_left(days, (start.month, start.day)) if year == start.year else 0
            for month, day in days[first:]:
                yield date(year, month, day)

    def _calendar(self, year: int) -> list[tuple[int, int]]:
        shape = (date(year, 1, 1).weekday(), calendar.isleap(year))
        found = self._calendars.get(shape)
        if found is None:
            found = self._calendars[shape] = [
                (month, day)
                for month in self._months
                for day in _days(year, month, self._days, self._weekdays)
            ]
        return found


def _from(values: list[int], least: int) -> int | None:
    place = bisect_left(values, least)
    return values[place] if place < len(values) else None


def _days(year: int, month: int, days: Field, weekdays: Field) -> list[int]:
    """The days of a month that both day fields allow (`contract/scheduler.md` 3, day rule)."""
    first, length = calendar.monthrange(year, month)
    first = (first + 1) % 7  # Sunday is 0
    wanted = {day for day in days.values if day <= length}
    wanted.update(_nearest(day, first, length) for day in days.nearest if day <= length)
    if days.last:
        wanted.add(length)
    return [day for day in sorted(wanted) if _is_weekday(day, first, length, weekdays)]


def _is_weekday(day: int, first: int, length: int, weekdays: Field) -> bool:
    weekday = (first + day - 1) % 7
    if weekday in weekdays.values or (weekday, (day + 6) // 7) in weekdays.nth:
        return True
    return day + 7 > length and (weekday, LAST) in weekdays.nth


def _nearest(day: int, first: int, length: int) -> int:
    """The weekday next to a day, within the month."""
    weekday = (first + day - 1) % 7
    if weekday == 6:
        return day - 1 if day > 1 else day + 2
    if weekday == 0:
        return day + 1 if day < length else day - 2
    return day


def parsed(text: str) -> Cron:
    """The expression, parsed once where it is of a usual length. Raises `BadCron`."""
    return _parsed(text) if len(text) <= KEPT_LENGTH else Cron(text)


@lru_cache(maxsize=4_096)
def _parsed(text: str) -> Cron:
    return Cron(text)
