"""Durations in the "humantime" grammar of the contract (`contract/manifest.md` 8).

Written out here because no library has this grammar: fractions must be exact, white space may stand
anywhere, `m` is a minute and `M` a month, and people are shown these very error texts.
"""

from __future__ import annotations

NS = 1_000_000_000
_U64 = 2**64 - 1
_LONGEST = 100_000  # characters: a megabyte of "1h1h1h" would hold the event loop for half a second

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_SPELLINGS: tuple[tuple[int, str], ...] = (
    (1, "nanos nsec ns"),
    (1_000, "usec us \u00b5s"),
    (1_000_000, "millis msec ms"),
    (NS, "seconds second secs sec s"),
    (_MINUTE * NS, "minutes minute min mins m"),
    (_HOUR * NS, "hours hour hr hrs h"),
    (_DAY * NS, "days day d"),
    (7 * _DAY * NS, "weeks week wk wks w"),
    (2_630_016 * NS, "months month M"),
    (31_557_600 * NS, "years year yr yrs y"),
)
_UNITS = {word: ns for ns, words in _SPELLINGS for word in words.split()}

_TOO_LARGE = (
    "number is too large or cannot be represented without a lack of precision"
    " (values below 1ns are not supported)"
)
_SUPPORTED = "ns, us/\u00b5s, ms, sec, min, hours, days, weeks, months, years (and few variations)"


class BadDuration(ValueError):
    """The text is no duration; the message is the one of the contract."""


def parse_duration(text: str) -> int:
    """Nanoseconds, 0 to 2**64 seconds. Raises `BadDuration`, also beyond what anybody would write."""
    if len(text) > _LONGEST:
        raise BadDuration(f"duration is longer than {_LONGEST} characters")
    return 0 if text == "0" else _Parser(text).parse()


def whole_seconds(text: str) -> int:
    """The duration's seconds, fraction cut. Raises `BadDuration`."""
    return parse_duration(text) // NS


class _Parser:
    """One pass from left to right: the first fault is the one that is named."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def parse(self) -> int:
        total = 0
        first = True
        while (digit := self._digit_or_end(first)) is not None:
            whole, fraction, unit_at = self._number(digit)
            total += self._value(whole, fraction, self._unit(unit_at, whole))
            if total // NS > _U64:
                raise BadDuration(_TOO_LARGE)
            first = False
        return total

    def _next(self) -> str:
        """The next character, or "" at the end."""
        if self.at == len(self.text):
            return ""
        self.at += 1
        return self.text[self.at - 1]

    def _bytes(self, at: int) -> int:
        """Offsets in errors count bytes of UTF-8."""
        return len(self.text[:at].encode("utf-8", "surrogatepass"))

    def _digit_or_end(self, first: bool) -> str | None:
        while char := self._next():
            if _is_digit(char):
                return char
            if not char.isspace():
                raise BadDuration(f"expected number at {self._bytes(self.at - 1)}")
        if first:
            raise BadDuration("value was empty")
        return None

    def _number(self, digit: str) -> tuple[int, str, int]:
        """The whole part, the fraction's digits, and where the unit begins (the end when there is none)."""
        whole = int(digit)
        while char := self._next():
            if _is_digit(char):
                whole = whole * 10 + int(char)
                if whole > _U64:
                    raise BadDuration(_TOO_LARGE)
            elif char == ".":
                return whole, *self._fraction()
            elif _is_letter(char):
                return whole, "", self.at - 1
            elif not char.isspace():
                raise BadDuration(f"invalid character at {self._bytes(self.at - 1)}")
        return whole, "", self.at

    def _fraction(self) -> tuple[str, int]:
        point = self.at - 1
        digits = ""
        while char := self._next():
            if _is_digit(char):
                digits += char
            elif _is_letter(char) and digits:
                return digits, self.at - 1
            elif not digits and not char.isspace():
                raise BadDuration(f"invalid character at {self._bytes(point)}")
            elif not char.isspace():
                raise BadDuration(f"invalid character at {self._bytes(self.at - 1)}")
        if not digits:
            raise BadDuration(f"invalid character at {self._bytes(point)}")
        return digits, self.at

    def _unit(self, start: int, whole: int) -> int:
        """Nanoseconds of the unit that begins at `start`; the next digit or white space ends it."""
        while char := self._next():
            if _is_digit(char):
                self.at -= 1
                break
            if char.isspace():
                break
            if not _is_letter(char):
                raise BadDuration(f"invalid character at {self._bytes(self.at - 1)}")
        word = self.text[start : self.at].rstrip()
        if not word:
            raise BadDuration(f"time unit needed, for example {whole}sec or {whole}ms")
        if word not in _UNITS:
            raise BadDuration(f'unknown time unit "{word}", supported units: {_SUPPORTED}')
        return _UNITS[word]

    def _value(self, whole: int, fraction: str, unit: int) -> int:
        total = whole * unit
        if fraction:
            # Exact in whole seconds from the hour up, in whole nanoseconds below. More than 40 digits
            # that count cannot be exact in any unit, and are not worth computing with.
            fraction = fraction.rstrip("0") or "0"
            if len(fraction) > 40:
                raise BadDuration(_TOO_LARGE)
            step = NS if unit >= _HOUR * NS else 1
            part, rest = divmod(int(fraction) * unit, 10 ** len(fraction) * step)
            if rest or unit == 1:
                raise BadDuration(_TOO_LARGE)
            total += part * step
        if total // NS > _U64:
            raise BadDuration(_TOO_LARGE)
        return total


def _is_digit(char: str) -> bool:
    return "0" <= char <= "9"


def _is_letter(char: str) -> bool:
    return "a" <= char <= "z" or "A" <= char <= "Z" or char == "\u00b5"
