"""Regular expressions that clients send, matched in linear time (`contract/http-jobs.md` 4.1).

A pattern of a client is searched in stored text, so an engine that backtracks would let one request
hold a thread for ever. RE2 does not; it lets go of the interpreter while it matches. Where its dialect
is narrower than upstream's, the pattern is translated: `\\d`, `\\w` and `\\s` know Unicode, except `\\W`
and `\\S` inside of brackets, and `\\b` everywhere, which stay ASCII.

Not imported by `kanade_host.plugin`: a plugin that uses this depends on `google-re2` itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import re2

from kanade_host.plugin.errors import HttpError

LONGEST = 4_096
"""Characters of a pattern; upstream has no bound, no client comes near."""

_WORD = r"\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}"
_SPACE = r"\t-\r \x{85}\p{Z}"
_OUTSIDE = {
    "d": r"\p{Nd}",
    "D": r"\P{Nd}",
    "w": f"[{_WORD}]",
    "W": f"[^{_WORD}]",
    "s": f"[{_SPACE}]",
    "S": f"[^{_SPACE}]",
}
_INSIDE = {"d": r"\p{Nd}", "D": r"\P{Nd}", "w": _WORD, "s": _SPACE}
_REFUSED = frozenset("QEC")  # of RE2 alone: upstream's engine does not know them
_META = frozenset(r"\.+*?()|[]{}^$")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern. `literal`: the text that it stands for, where it is no more than that text."""

    source: str
    literal: str | None
    _compiled: Any = field(repr=False)

    def found_in(self, text: str | None) -> bool:
        """Whether it matches anywhere in the text; None is the empty text."""
        if self.literal is not None:
            return self.literal in (text or "")
        return self._compiled.search((text or "").encode()) is not None


def pattern(source: str | None) -> Pattern | None:
    """Compile what a client sent; None and the empty pattern are no filter.

    Raises `HttpError` 400, whose text begins with "invalid regex" and the pattern in backticks.
    """
    if not source:
        return None
    if len(source) > LONGEST:
        raise HttpError(400, f"invalid regex `{source[:80]}…`: it is longer than {LONGEST} characters")
    try:
        return _compile(source)
    except re2.error as error:
        raise HttpError(400, f"invalid regex `{source}`: {_message(error)}") from None


@lru_cache(maxsize=256)
def _compile(source: str) -> Pattern:
    literal = _literal(source)
    if literal == source:
        return Pattern(source, literal, None)  # the name of a PC, nearly always
    options = re2.Options()
    options.log_errors = False
    return Pattern(source, literal, re2.compile(_translated(source).encode(), options))


def _message(error: Exception) -> str:
    first = error.args[0] if error.args else ""
    return first.decode(errors="replace") if isinstance(first, bytes) else str(first)


def _literal(source: str) -> str | None:
    found = []
    characters = iter(source)
    for character in characters:
        if character == "\\":
            character = next(characters, "")
            if not character or character.isalnum() or not character.isascii():
                return None
        elif character in _META:
            return None
        found.append(character)
    return "".join(found)


def _translated(source: str) -> str:
    """The pattern with its classes spelt out; anything that is no class is left to the engine."""
    found, inside, at = [], False, 0
    while at < len(source):
        character = source[at]
        if character == "\\" and at + 1 < len(source):
            escape = source[at + 1]
            if escape in _REFUSED:
                raise re2.error(f"unrecognized escape sequence: \\{escape}".encode())
            found.append((_INSIDE if inside else _OUTSIDE).get(escape, character + escape))
            at += 2
            continue
        if inside and character == "[" and source.startswith("[:", at) and (end := source.find(":]", at)) > 0:
            found.append(source[at : end + 2])
            at = end + 2
            continue
        if character == "[" and not inside:
            inside = True
            head = 2 if source.startswith("[^", at) else 1
            head += source.startswith("]", at + head)  # a bracket that comes first stands for itself
            found.append(source[at : at + head])
            at += head
            continue
        if character == "]":
            inside = False
        found.append(character)
        at += 1
    return "".join(found)
