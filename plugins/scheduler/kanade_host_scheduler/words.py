"""A cron expression in words, English and Japanese, for people who check what they have written."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from kanade_host_scheduler.cron import Cron
from kanade_host_scheduler.cron_text import LAST, Field

LISTED = 20
"""Numbers and ranges; nobody reads more."""
FULL = {"second": 60, "minute": 60, "hour": 24}
JA_DAYS = "日月火水木金土"
JA_UNITS = {"second": "秒", "minute": "分", "hour": "時"}
NTH = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", LAST: "last"}


class Words(msgspec.Struct, frozen=True):
    """The same in both languages of the web interface."""

    en: str
    ja: str


def words_of(cron: Cron, time_zone: str | None = None) -> Words:
    """What the expression means, day first."""
    zone = time_zone or "UTC"
    en = f"{_join(_days_en(cron))}, {_times_en(cron)} ({zone})"
    ja = f"{''.join(_days_ja(cron))}の{_times_ja(cron)}（{zone}）"
    return Words(en[0].upper() + en[1:], ja)


# -- numbers -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Runs:
    """Values as people list them: `1 to 5, 8`; or `every 15` where they are evenly spread."""

    runs: list[tuple[int, int]]
    step: int | None

    @classmethod
    def of(cls, values: Iterable[int], size: int | None = None) -> _Runs:
        found = sorted(values)
        runs: list[tuple[int, int]] = []
        for value in found:
            if runs and runs[-1][1] == value - 1:
                runs[-1] = (runs[-1][0], value)
            else:
                runs.append((value, value))
        step = None
        if size is not None and len(found) > 1:
            gap = found[1] - found[0]
            if found == list(range(0, size, gap)) and size % gap == 0:
                step = gap
        return cls(runs, step)

    def listed(self, name: Callable[[int], str], to: str, comma: str) -> str:
        parts = []
        for low, high in self.runs:
            if high == low:
                parts.append(name(low))
            elif high == low + 1:
                parts += [name(low), name(high)]
            else:
                parts.append(f"{name(low)}{to}{name(high)}")
        return comma.join(parts[:LISTED] + ["…"] * (len(parts) > LISTED))


def _single(field: Field) -> int | None:
    return next(iter(field.values)) if len(field.values) == 1 else None


def _clock(cron: Cron) -> str | None:
    """`09:00`, where there is one time a day."""
    second, minute, hour = (_single(one) for one in cron.fields[:3])
    if second is None or minute is None or hour is None:
        return None
    return f"{hour:02}:{minute:02}" + (f":{second:02}" if second else "")


# -- times -------------------------------------------------------------------------------------


def _times_en(cron: Cron) -> str:
    clock = _clock(cron)
    if clock is not None:
        return f"at {clock}"
    parts = []
    for unit, field in zip(FULL, cron.fields, strict=False):
        runs = _Runs.of(field.values, FULL[unit])
        if unit == "second" and field.values == {0}:
            continue
        if runs.step == 1:
            parts.append(f"every {unit}")
        elif runs.step is not None:
            parts.append(f"every {runs.step} {unit}s")
        else:
            plural = "s" if len(field.values) != 1 else ""
            parts.append(f"{unit}{plural} {runs.listed(str, ' to ', ', ') or 'none'}")
    text = " of ".join(parts)
    return text if text.startswith("every") else f"at {text}"


def _times_ja(cron: Cron) -> str:
    clock = _clock(cron)
    if clock is not None:
        return clock
    parts = []
    for unit, field in list(zip(FULL, cron.fields, strict=False))[::-1]:
        runs = _Runs.of(field.values, FULL[unit])
        name = JA_UNITS[unit]
        if unit == "second" and field.values == {0}:
            continue
        if runs.step is not None:
            length = "時間" if unit == "hour" else name
            parts.append(f"毎{name}" if runs.step == 1 else f"{runs.step}{length}ごと")
        else:
            parts.append(f"{runs.listed(str, '～', '・') or '該当なし'}{name}")
    return "の".join(parts)


# -- days --------------------------------------------------------------------------------------


def _join(parts: list[str]) -> str:
    return " ".join(parts)


def _days_en(cron: Cron) -> list[str]:
    _, _, _, day, month, weekday, year = cron.fields
    parts = []
    if day.star and weekday.star:
        parts.append("every day")
    if not day.star:
        said = []
        if day.values:
            said.append(f"day {_Runs.of(day.values).listed(str, ' to ', ', ')}")
        said += [f"the weekday nearest day {one}" for one in sorted(day.nearest)]
        if day.last:
            said.append("the last day")
        parts.append(f"on {' and '.join(said) or 'no day'} of the month")
    if not weekday.star:
        name = calendar_name
        said = [_Runs.of(weekday.values).listed(name, " to ", ", ")] if weekday.values else []
        said += [f"the {NTH[nth]} {name(one)} of the month" for one, nth in sorted(weekday.nth)]
        parts.append(f"{'if it is' if parts else 'on'} {' and '.join(said) or 'no weekday'}")
    if not month.star:
        parts.append(f"in {_Runs.of(month.values).listed(_month, ' to ', ', ') or 'no month'}")
    if not year.star:
        parts.append(f"in {_Runs.of(year.values).listed(str, ' to ', ', ') or 'no year'}")
    return parts


def calendar_name(weekday: int) -> str:
    """0 and 7 are Sunday."""
    return calendar.day_name[(weekday + 6) % 7] if weekday != 7 else "Sunday"


def _month(number: int) -> str:
    return calendar.month_name[number]


def _days_ja(cron: Cron) -> list[str]:
    _, _, _, day, month, weekday, year = cron.fields
    parts = []
    if not year.star:
        parts.append(f"{_Runs.of(year.values).listed(str, '～', '・') or '該当なし'}年")
    if not month.star:
        parts.append(f"{_Runs.of(month.values).listed(str, '～', '・') or '該当なし'}月")
    if day.star and weekday.star:
        return [*parts, "毎日"]
    if not day.star:
        said = [f"{_Runs.of(day.values).listed(str, '～', '・')}日"] if day.values else []
        said += [f"{one}日に最も近い平日" for one in sorted(day.nearest)]
        if day.last:
            said.append("月末日")
        parts.append(("" if not month.star else "毎月") + ("・".join(said) or "該当なしの日"))
    if not weekday.star:
        said = [f"{_Runs.of(weekday.values).listed(_ja_day, '～', '・')}曜日"] if weekday.values else []
        said += [
            f"{'最終' if nth == LAST else f'第{nth}'}{_ja_day(one)}曜日" for one, nth in sorted(weekday.nth)
        ]
        text = "・".join(said) or "該当なしの曜日"
        parts.append(text if day.star else f"（{text}の場合のみ）")
    return parts


def _ja_day(weekday: int) -> str:
    return JA_DAYS[weekday % 7]
