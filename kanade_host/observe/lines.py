"""How a log line looks: upstream's text form, or JSON (host.md 7).

Text from agents ends up in log lines, so control characters are written as escapes: a message can
neither begin a line of its own nor colour a terminal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MASK = "***"
_SECRET_KEY = re.compile(
    r"(^|[_.-])(password|passwd|secret|token|authorization|cookie|credentials?|jwt)$", re.IGNORECASE
)
_USERINFO = re.compile(r"(?<=://)[^/@\s\"']+@")
_BEARER = re.compile(r"(?i)\b(bearer\s+)[\w.~+/=-]{8,}")
_BARE = re.compile(r"[^\s\"=\x00-\x1f\x7f-\x9f]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_COLOURS = {"ERROR": "31", "WARN": "33", "INFO": "32", "DEBUG": "34", "TRACE": "35"}
_LEVELS = ((40, "ERROR"), (30, "WARN"), (20, "INFO"), (10, "DEBUG"))


@dataclass(slots=True)
class Line:
    """One line before it is text. `time_ns` since 1970; `exception` is a whole traceback or empty."""

    time_ns: int
    level: int
    target: str
    message: str
    fields: Mapping[str, Any]
    exception: str = ""

    @property
    def level_name(self) -> str:
        return next((name for least, name in _LEVELS if self.level >= least), "TRACE")

    @property
    def stamp(self) -> str:
        """UTC, six digits, `Z`."""
        seconds, rest = divmod(self.time_ns, 1_000_000_000)
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1000:06d}Z"

    @property
    def day(self) -> str:
        """The UTC date."""
        return f"{datetime.fromtimestamp(self.time_ns // 1_000_000_000, UTC):%Y-%m-%d}"


def is_secret_key(key: str) -> bool:
    """Whether values under such a name are never shown."""
    return _SECRET_KEY.search(key) is not None


def simple(value: Any) -> Any:
    """A value that can be kept for later: what may change is turned into text now."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, bytes):
        return value[:200].decode("utf-8", "backslashreplace")
    try:
        return str(value)
    except Exception as error:  # a line must not fail because of what stands in it
        return f"<{type(value).__name__} without text: {error!r}>"


def _escaped(text: str) -> str:
    return _CONTROL.sub(lambda found: json.dumps(found[0])[1:-1], text)


def _value(key: str, value: Any) -> str:
    if _SECRET_KEY.search(key) and value not in (None, "", False, True):
        return MASK
    if isinstance(value, str):
        return value if _BARE.fullmatch(value) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "-"}[value]
    return str(value)


def text(line: Line, *, colour: bool = False) -> str:
    """`2026-11-23T15:13:55.010056Z  INFO kanade_host: message key=value`, and the traceback below it."""
    level = f"{line.level_name:>5}"
    target, stamp = line.target, line.stamp
    if colour:
        level = f"\x1b[{_COLOURS[line.level_name]}m{level}\x1b[0m"
        target, stamp = f"\x1b[2m{target}\x1b[0m", f"\x1b[2m{stamp}\x1b[0m"
    parts = [f"{stamp} {level} {target}: {_escaped(line.message)}"]
    parts += [f"{_escaped(key)}={_escaped(_value(key, value))}" for key, value in line.fields.items()]
    whole = " ".join(parts)
    if line.exception:
        lines = (_CONTROL.sub("?", row) for row in line.exception.rstrip().split("\n"))
        whole += "".join(f"\n    {row}" for row in lines)
    return whole


def as_json(line: Line) -> str:
    """The same as one JSON object a line."""
    row: dict[str, Any] = {
        "time": line.stamp,
        "level": line.level_name.lower(),
        "target": line.target,
        "message": line.message,
    }
    for key, value in line.fields.items():
        secret = _SECRET_KEY.search(key) and value not in (None, "", False, True)
        row[f"field_{key}" if key in row else key] = MASK if secret else value
    if line.exception:
        row["exception"] = line.exception
    return json.dumps(row, ensure_ascii=False, default=str)


def redact(written: str, secrets: Iterable[str]) -> str:
    """Replace what must not be seen: secret values wherever they stand, credentials in URLs and headers."""
    for secret in secrets:
        if secret in written:
            written = written.replace(secret, MASK)
        encoded = json.dumps(secret)[1:-1]
        if encoded != secret and encoded in written:
            written = written.replace(encoded, MASK)
    if "://" in written:
        written = _USERINFO.sub(f"{MASK}@", written)
    return _BEARER.sub(rf"\1{MASK}", written)
