"""The grammar of cron expressions, exactly as the library that kanade-backend uses has it.

`contract/scheduler.md` 3. Croniter reads another language (five fields, random and hashed values, other
forms of "last", no year after 2099), so the text is read here, into sets of numbers and flags.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LAST_YEAR = 5000
LAST = 6
"""Beside 1 to 5: the last such weekday of a month."""

NICKNAMES = {
    "@YEARLY": "0 0 0 1 1 *",
    "@ANNUALLY": "0 0 0 1 1 *",
    "@MONTHLY": "0 0 0 1 * *",
    "@WEEKLY": "0 0 0 * * 0",
    "@DAILY": "0 0 0 * * *",
    "@HOURLY": "0 0 * * * *",
}
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

_NUMBER = re.compile(r"[0-9]+", re.ASCII)
_MAX_NUMBER = 65_535


SHOWN = 400


class BadCron(ValueError):
    """The text is no cron expression; the message names the field and what is wrong with it."""

    def __init__(self, message: str) -> None:
        super().__init__(message if len(message) <= SHOWN else message[:SHOWN] + "…")


@dataclass(frozen=True, slots=True)
class _Kind:
    """One field: its name for people, its range, and the characters that it may hold."""

    name: str
    low: int
    high: int
    allowed: str = "*/,-"
    nearest: bool = False
    nth: bool = False


FIELDS = (
    _Kind("second", 0, 59),
    _Kind("minute", 0, 59),
    _Kind("hour", 0, 23),
    _Kind("day of month", 1, 31, "*/,-LW", nearest=True),
    _Kind("month", 1, 12),
    _Kind("day of week", 0, 7, "*/,-L#", nth=True),
    _Kind("year", 1, LAST_YEAR),
)


@dataclass(slots=True)
class Field:
    """What one field allows.

    `text`: as it was written, names replaced. `nearest`: days whose nearest weekday is meant. `last`: the
    flag `L` alone. `nth`: (weekday, 1 to 5 or `LAST`).
    """

    text: str
    values: set[int] = field(default_factory=set)
    nearest: set[int] = field(default_factory=set)
    last: bool = False
    nth: set[tuple[int, int]] = field(default_factory=set)

    @property
    def star(self) -> bool:
        return self.text == "*"


def parse_fields(text: str) -> list[Field]:
    """Seven fields (the year is `*` where it is absent). Raises `BadCron`."""
    shouted = text.upper().strip()
    if not shouted:
        raise BadCron("the expression is empty")
    if shouted.startswith("@"):
        if shouted not in NICKNAMES:
            known = ", ".join(name.lower() for name in NICKNAMES)
            raise BadCron(f"`{text.strip()}` is no known nickname; there are {known}")
        shouted = NICKNAMES[shouted]
    parts = _without_names(shouted).split()
    if len(parts) not in (6, 7):
        hint = "; put the seconds first, as in `0 */5 * * * *`" if len(parts) == 5 else ""
        raise BadCron(
            f"{len(parts)} field(s) instead of 6 (second minute hour day month weekday) or 7 (and year){hint}"
        )
    if len(parts) == 6:
        parts.append("*")
    parts[3] = parts[3].replace("?", "*")
    parts[5] = parts[5].removeprefix("+").replace("?", "*")
    return [_parse(kind, part) for kind, part in zip(FIELDS, parts, strict=True)]


def _without_names(text: str) -> str:
    """Names become numbers wherever they stand, weekdays first."""
    text = text.replace("-SUN", "-7")
    for number, name in enumerate(WEEKDAYS):
        text = text.replace(name, str(number))
    for number, name in enumerate(MONTHS, start=1):
        text = text.replace(name, str(number))
    return text


def _parse(kind: _Kind, text: str) -> Field:
    for char in text:
        if not ("0" <= char <= "9" or char in kind.allowed):
            raise BadCron(f"{kind.name}: `{char}` cannot stand in `{text}`")
    found = Field(text)
    if text == "*":
        found.values.update(range(kind.low, kind.high + 1))
    else:
        for item in text.split(","):
            if item:
                _item(kind, item, found)
    if kind.nth:
        _sunday_is_zero(found)
    return found


def _item(kind: _Kind, item: str, found: Field) -> None:
    """One item of a list, classified in the order of the contract."""
    if "/" in item:
        body, which = _split_nth(kind, item)
        _add(found, _steps(kind, body, item), which)
    elif "-" in item:
        body, which = _split_nth(kind, item)
        low, high = _bounds(kind, body, item)
        _add(found, range(low, high + 1), which)
    elif "W" in item:
        found.nearest.add(_number(kind, item[: item.index("W")], item))
    elif item == "L":
        found.last = True
    else:
        if item.endswith("L") and "#" not in item:
            item = item.replace("L", "#L")
        body, which = _split_nth(kind, item)
        _add(found, (_number(kind, body, item),), which)


def _split_nth(kind: _Kind, item: str) -> tuple[str, int | None]:
    """`1-5#2` -> `1-5`, 2. What ends in L is the last; its number has to be before a `#`."""
    body, mark, nth = item.partition("#")
    if item.endswith("L") and kind.nth:
        return body, LAST
    if not mark:
        return item, None
    if not _NUMBER.fullmatch(nth) or nth.lstrip("0") not in ("1", "2", "3", "4", "5"):
        raise BadCron(f"{kind.name}: `#` in `{item}` wants 1 to 5 or L behind it")
    return body, int(nth)


def _add(found: Field, values: range | tuple[int, ...], which: int | None) -> None:
    if which is None:
        found.values.update(values)
    else:
        found.nth.update((value, which) for value in values)


def _steps(kind: _Kind, body: str, item: str) -> range:
    parts = body.split("/")
    if len(parts) != 2:
        raise BadCron(f"{kind.name}: more than one `/` in `{item}`")
    if parts[0] == "*":
        low, high = kind.low, kind.high
    elif "-" in parts[0]:
        low, high = _bounds(kind, parts[0], item)
    else:
        low, high = _number(kind, parts[0], item), kind.high
    step = _plain(kind, parts[1], item)
    if step == 0:
        raise BadCron(f"{kind.name}: a step of 0 in `{item}`")
    return range(low, high + 1, step)


def _bounds(kind: _Kind, text: str, item: str) -> tuple[int, int]:
    parts = text.split("-")
    if len(parts) != 2:
        raise BadCron(f"{kind.name}: `{item}` is no range of two numbers")
    low, high = (_number(kind, part, item) for part in parts)
    if low > high:
        raise BadCron(f"{kind.name}: `{item}` runs backwards; write two ranges with a comma")
    return low, high


def _number(kind: _Kind, text: str, item: str) -> int:
    found = _plain(kind, text, item)
    if not kind.low <= found <= kind.high:
        raise BadCron(f"{kind.name}: {found} in `{item}` is not within {kind.low} to {kind.high}")
    return found


def _plain(kind: _Kind, text: str, item: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise BadCron(f"{kind.name}: `{item}` cannot be read")
    digits = text.lstrip("0") or "0"
    if len(digits) > 5 or int(digits) > _MAX_NUMBER:
        raise BadCron(f"{kind.name}: the number in `{item}` is too large")
    return int(digits)


def _sunday_is_zero(found: Field) -> None:
    """7 is Sunday too, save for the last one of a month: `7L` never comes (`0L` does)."""
    if 7 in found.values:
        found.values.discard(7)
        found.values.add(0)
    for weekday, which in [one for one in found.nth if one[0] == 7]:
        found.nth.discard((weekday, which))
        if which != LAST:
            found.nth.add((0, which))
