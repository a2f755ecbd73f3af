"""How lines look, and what they never show."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kanade_host.observe.lines import Line, as_json, redact, text

AT = 1_795_446_835_010_056_789  # 2026-11-23T15:13:55.010056789Z


def line(message: str = "message", level: int = 20, exception: str = "", **fields: Any) -> Line:
    return Line(AT, level, "kanade_host.web", message, fields, exception)


def test_the_form_of_upstream() -> None:
    assert (
        text(line(key="value", n=3))
        == "2026-11-23T15:13:55.010056Z  INFO kanade_host.web: message key=value n=3"
    )


@pytest.mark.parametrize(
    ("level", "word"),
    [(50, "ERROR"), (40, "ERROR"), (30, " WARN"), (20, " INFO"), (10, "DEBUG"), (5, "TRACE")],
)
def test_levels_are_five_wide(level: int, word: str) -> None:
    assert text(line(level=level))[27:33] == f" {word}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("two words", '"two words"'),
        ('say "x"', '"say \\"x\\""'),
        ("", '""'),
        (True, "true"),
        (None, "-"),
        (1.5, "1.5"),
        ("a\nb", '"a\\nb"'),
        ("\x1b[31mred", '"\\u001b[31mred"'),
    ],
)
def test_values(value: Any, shown: str) -> None:
    assert text(line(key=value)).endswith(f" key={shown}")


def test_text_from_agents_makes_no_lines_and_no_colours() -> None:
    written = text(line("a\nb\x1b[31m", **{"k\ney": "v"}))
    assert "\n" not in written
    assert "\x1b" not in written


def test_a_traceback_stands_below() -> None:
    written = text(line(exception="Traceback:\n  x\nValueError: \x1b[0m"))
    assert written.split("\n")[1:] == ["    Traceback:", "      x", "    ValueError: ?[0m"]


def test_json() -> None:
    fields = {"plugin": "results", "message": "shadow"}
    row = json.loads(as_json(Line(AT, 20, "kanade_host.web", "message", fields, "T\n")))
    assert row == {
        "time": "2026-11-23T15:13:55.010056Z",
        "level": "info",
        "target": "kanade_host.web",
        "message": "message",
        "plugin": "results",
        "field_message": "shadow",
        "exception": "T\n",
    }


def test_colour() -> None:
    assert "\x1b[32m INFO\x1b[0m" in text(line(), colour=True)


@pytest.mark.parametrize("form", [text, as_json])
@pytest.mark.parametrize(
    "key", ["password", "new_password", "token", "nats.token", "jwt_secret", "Authorization"]
)
def test_values_of_secret_keys_are_not_shown(form: Any, key: str) -> None:
    assert "hunter2" not in form(line(**{key: "hunter2"}))


def test_values_of_other_keys_are_shown() -> None:
    assert "tokens=5" in text(line(tokens=5))
    assert "token_id=abc" in text(line(token_id="abc"))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("the s3cr3t-value stands here", "the *** stands here"),
        ('{"a": "with \\"quote\\""}', '{"a": "***"}'),
        ("nats://user:pass@host:4222", "nats://***@host:4222"),
        ("Authorization: Bearer abcdefgh.ijkl", "Authorization: Bearer ***"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_redact(written: str, shown: str) -> None:
    assert redact(written, ["s3cr3t-value", 'with "quote"']) == shown
