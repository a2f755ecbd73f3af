"""A reader of JSON text that stops at the first fault, with the words and positions of the contract.

Slow and exact: it only runs on messages that the fast decoder refused or that look odd. Positions are
those of `contract/http-fleet.md` 2.4: columns count bytes from 1; 0 when nothing was read.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import NoReturn

MAX_DEPTH = 127
BUDGET = 20_000
"""Tokens and escapes that one reading may cost: a tenth of a second of whoever waits for it."""

_SPACE = re.compile(rb"[ \t\n\r]*").match
_PLAIN = re.compile(rb'[^"\\\x00-\x1f]*').match
_DIGITS = re.compile(rb"[0-9]*").match
_HEX = re.compile(rb"[0-9a-fA-F]{4}").match
_ESCAPES = {34: '"', 92: "\\", 47: "/", 98: "\b", 102: "\f", 110: "\n", 114: "\r", 116: "\t"}

EOF_VALUE = "EOF while parsing a value"
EOF_OBJECT = "EOF while parsing an object"
EOF_LIST = "EOF while parsing a list"
EOF_STRING = "EOF while parsing a string"
LONE_SURROGATE = "lone leading surrogate in hex escape"


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong with a document; `syntax` when it is no JSON at all."""

    message: str
    path: str
    syntax: bool


class Stop(Exception):
    """Ends the reading."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class TooLong(Exception):
    """The document is longer than it is worth to say where its fault is."""


class Reader:
    """Walks over a document. `at` is the next byte, `path` where in the typed value it stands."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.depth = 0
        self.left = BUDGET
        self.path: list[str] = []

    # -- faults ------------------------------------------------------------------------------

    def stop(self, message: str, syntax: bool, at: int) -> NoReturn:
        """Fault at the byte before `at`."""
        line = self.data.count(b"\n", 0, at) + 1
        column = at - (self.data.rfind(b"\n", 0, at) + 1)
        path = "".join(self.path).removeprefix(".")
        raise Stop(Fault(f"{message} at line {line} column {column}", path, syntax))

    def here(self, message: str) -> NoReturn:
        """Syntax fault at the byte that was read last."""
        self.stop(message, True, self.at)

    def ahead(self, message: str) -> NoReturn:
        """Syntax fault at the byte that comes next."""
        self.stop(message, True, min(self.at + 1, len(self.data)))

    def shape(self, message: str) -> NoReturn:
        """What was read last is JSON, but not what is wanted here."""
        self.stop(message, False, self.at)

    def spend(self) -> None:
        """Pay for one more token."""
        self.left -= 1
        if self.left < 0:
            raise TooLong

    # -- tokens ------------------------------------------------------------------------------

    def peek(self) -> int:
        """The next byte after white space, or -1 at the end."""
        self.spend()
        found = _SPACE(self.data, self.at)
        self.at = found.end() if found else self.at
        return self.data[self.at] if self.at < len(self.data) else -1

    def peek_value(self) -> int:
        byte = self.peek()
        if byte < 0:
            self.ahead(EOF_VALUE)
        return byte

    def word(self, word: bytes) -> None:
        """`null`, `true` or `false`, whose first letter is next."""
        for expected in word:
            if self.at == len(self.data):
                self.here(EOF_VALUE)
            self.at += 1
            if self.data[self.at - 1] != expected:
                self.here("expected ident")

    def number(self) -> int | float:
        """An integer of 64 bits, or a float for all other numbers."""
        start = self.at
        if self.data[self.at] == 45:  # minus
            self.at += 1
        self._whole()
        integer = True
        if self.data[self.at : self.at + 1] == b".":
            integer = False
            self.at += 1
            if not self._digits():
                self.ahead("invalid number" if self.at < len(self.data) else EOF_VALUE)
        if self.data[self.at : self.at + 1] in (b"e", b"E"):
            integer = False
            self.at += 1
            if self.data[self.at : self.at + 1] in (b"+", b"-"):
                self.at += 1
            if not self._digits():
                self._odd_digit()
        text = self.data[start : self.at]
        if integer and len(text) <= 20 and -(2**63) <= int(text) < 2**64:
            return int(text)
        value = float(text)
        if not math.isfinite(value):
            self.here("number out of range")
        return value

    def _whole(self) -> None:
        if self.data[self.at : self.at + 1] == b"0":
            self.at += 1
            if self.data[self.at : self.at + 1].isdigit():
                self.ahead("invalid number")
        elif not self._digits():
            self._odd_digit()

    def _odd_digit(self) -> NoReturn:
        if self.at == len(self.data):
            self.here(EOF_VALUE)
        self.at += 1
        self.here("invalid number")

    def _digits(self) -> bool:
        start = self.at
        found = _DIGITS(self.data, self.at)
        self.at = found.end() if found else self.at
        return self.at > start

    def string(self) -> str:
        """The string whose opening quote is next."""
        self.at += 1
        parts: list[str] = []
        start = self.at
        while True:
            found = _PLAIN(self.data, self.at)
            self.at = found.end() if found else self.at
            if self.at == len(self.data):
                self.here(EOF_STRING)
            byte = self.data[self.at]
            if byte == 34:
                parts.append(self._text(start))
                self.at += 1
                return "".join(parts)
            if byte != 92:
                self.at += 1
                self.here("control character (\\u0000-\\u001F) found while parsing a string")
            parts.append(self._text(start))
            self.at += 1
            parts.append(self._escape())
            start = self.at

    def _text(self, start: int) -> str:
        try:
            return self.data[start : self.at].decode()
        except UnicodeDecodeError:
            self.at += 1
            self.here("invalid unicode code point")

    def _escape(self) -> str:
        self.spend()
        if self.at == len(self.data):
            self.here(EOF_STRING)
        byte = self.data[self.at]
        self.at += 1
        if byte in _ESCAPES:
            return _ESCAPES[byte]
        if byte != 117:
            self.here("invalid escape")
        first = self._hex()
        if not 0xD800 <= first <= 0xDFFF:
            return chr(first)
        if first > 0xDBFF:
            self.here(LONE_SURROGATE)
        if self.data[self.at : self.at + 2] != b"\\u":
            self.at = min(self.at + 1, len(self.data))
            self.here("unexpected end of hex escape")
        self.at += 2
        second = self._hex()
        if not 0xDC00 <= second <= 0xDFFF:
            self.here(LONE_SURROGATE)
        return chr(0x10000 + (first - 0xD800 << 10) + (second - 0xDC00))

    def _hex(self) -> int:
        found = _HEX(self.data, self.at)
        if found is None:
            short = len(self.data) < self.at + 4
            self.at = min(self.at + 4, len(self.data))
            self.here(EOF_STRING if short else "invalid escape")
        self.at += 4
        return int(found[0], 16)

    # -- structure ---------------------------------------------------------------------------

    def enter(self) -> None:
        """Take an opening bracket."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.ahead("recursion limit exceeded")
        self.at += 1

    def leave(self) -> None:
        """Take the closing bracket that is next."""
        self.depth -= 1
        self.at += 1

    def next_key(self, first: bool) -> str | None:
        """The next key of an object, without its colon; None before the closing brace."""
        byte = self.peek()
        if byte < 0:
            self.ahead(EOF_OBJECT)
        if byte == 125:
            return None
        if not first:
            if byte != 44:
                self.ahead("expected `,` or `}`")
            self.at += 1
            byte = self.peek_value()
            if byte == 125:
                self.ahead("trailing comma")
        if byte != 34:
            self.ahead("key must be a string")
        return self.string()

    def colon(self) -> None:
        byte = self.peek()
        if byte < 0:
            self.ahead(EOF_OBJECT)
        if byte != 58:
            self.ahead("expected `:`")
        self.at += 1

    def next_item(self, first: bool) -> bool:
        """Whether another item of an array follows."""
        byte = self.peek()
        if byte < 0:
            self.ahead(EOF_LIST)
        if byte == 93:
            return False
        if not first:
            if byte != 44:
                self.ahead("expected `,` or `]`")
            self.at += 1
            if self.peek_value() == 93:
                self.ahead("trailing comma")
        return True

    def skip(self) -> None:
        """Any value."""
        byte = self.peek_value()
        if byte == 123:
            self.enter()
            first = True
            while self.next_key(first) is not None:
                self.colon()
                self.skip()
                first = False
            self.leave()
        elif byte == 91:
            self.enter()
            first = True
            while self.next_item(first):
                self.skip()
                first = False
            self.leave()
        else:
            self.scalar(byte)

    def scalar(self, byte: int) -> str | int | float | bool | None:
        """The string, number or word that begins with `byte`."""
        if byte == 34:
            return self.string()
        if byte == 45 or 48 <= byte <= 57:
            return self.number()
        if byte == 110:
            self.word(b"null")
            return None
        if byte == 116:
            self.word(b"true")
            return True
        if byte == 102:
            self.word(b"false")
            return False
        return self.ahead("expected value")

    def end(self) -> None:
        """Nothing but white space may follow."""
        if self.peek() >= 0:
            self.ahead("trailing characters")
