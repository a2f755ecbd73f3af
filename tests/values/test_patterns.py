"""Patterns of clients: the dialect of http-jobs.md 4.1, in linear time."""

from __future__ import annotations

import pytest

from kanade_host.plugin.errors import HttpError
from kanade_host.plugin.patterns import LONGEST, pattern

FOUND = [
    ("PC001", "PC0010", True),
    ("pc", "PC", False),
    ("(?i)pc", "PC", True),
    ("a.c", "a\nc", False),
    (r"^\d+$", "٣٤", True),
    (r"^[\d\-]+$", "1-٣", True),
    (r"\D", "٣", False),
    (r"^\w+$", "日本語_ß1", True),
    (r"^[^\w]$", "日", False),
    (r"^\W$", "日", False),
    (r"^[\w.]+$", "é.x", True),
    (r"a\sb", "a\u3000b", True),
    (r"a\Sb", "a\u3000b", False),
    (r"\bhi\b", "say hi.", True),
    (r"[]a]", "]", True),
    (r"[^]]", "]", False),
    (r"[[:alpha:]\d]", "٣", True),
    (r"\.exe", "x.exe", True),
    (r"\.exe", "xyexe", False),
    (r"\x41", "A", True),
    (r"\n", "a\nb", True),
    ("日本", "x日本語", True),
    ("x*", None, True),
    ("x", None, False),
    ("a\0b", "xa\0bx", True),
]


@pytest.mark.parametrize(("source", "text", "found"), FOUND)
def test_searches(source: str, text: str | None, found: bool) -> None:
    compiled = pattern(source)
    assert compiled is not None
    assert compiled.found_in(text) is found


@pytest.mark.parametrize("source", ["(", "(?=a)", r"(a)\1", "[", "*", r"\Qa\E", r"\C", "a{9999}"])
def test_refuses(source: str) -> None:
    with pytest.raises(HttpError) as caught:
        pattern(source)
    assert caught.value.status == 400
    assert (caught.value.text or "").startswith(f"invalid regex `{source}`: ")


def test_refuses_what_is_too_long() -> None:
    with pytest.raises(HttpError, match="invalid regex"):
        pattern("x" * (LONGEST + 1))


@pytest.mark.parametrize("source", [None, ""])
def test_no_filter(source: str | None) -> None:
    assert pattern(source) is None


@pytest.mark.parametrize(
    ("source", "literal"),
    [("pc-001", "pc-001"), (r"a\.b", "a.b"), ("a.b", None), (r"\d", None), (r"a\\b", r"a\b"), ("a\\", None)],
)
def test_knows_plain_text(source: str, literal: str | None) -> None:
    try:
        compiled = pattern(source)
    except HttpError:
        assert literal is None
        return
    assert compiled is not None
    assert compiled.literal == literal


def test_is_linear() -> None:
    compiled = pattern("(a+)+(a+)+$")
    assert compiled is not None
    assert not compiled.found_in("a" * 200_000 + "b")
