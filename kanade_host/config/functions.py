"""The functions and the `system` table that templates of the configuration see (host.md 3.3)."""

from __future__ import annotations

import getpass
import os
import platform
import random
import socket
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RANGE_LIMIT = 10_000
_MISSING = object()


def _of_tera(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark what templates may call; everything else is refused."""
    function.of_tera = True  # type: ignore[attr-defined]
    return function


def functions(environ: Mapping[str, str]) -> dict[str, Callable[..., Any]]:
    """All functions, reading variables from `environ`."""

    def env(*, name: str, default: Any = _MISSING) -> Any:
        if name in environ:
            return environ[name]
        if default is _MISSING:
            raise ValueError(f"env(): environment variable '{name}' is not set and no default was provided")
        return default

    def get_env(*, name: str, default: Any = _MISSING) -> Any:
        if name not in environ and default is _MISSING:
            raise ValueError(f"Environment variable `{name}` not found")
        return environ.get(name, default)

    def home() -> str:
        return str(Path.home())

    named: dict[str, Callable[..., Any]] = {
        "env": env,
        "get_env": get_env,
        "home": home,
        "is_windows": lambda: sys.platform == "win32",
        "is_linux": lambda: sys.platform.startswith("linux"),
        "is_mac": lambda: sys.platform == "darwin",
        "range": _range,
        "now": _now,
        "get_random": _get_random,
        "throw": _throw,
    }
    return {name: _of_tera(function) for name, function in named.items()}


def _range(*, end: int, start: int = 0, step_by: int = 1) -> list[int]:
    numbers = range(start, end, step_by)
    if len(numbers) > RANGE_LIMIT:
        raise ValueError(f"range(): more than {RANGE_LIMIT} numbers")
    return list(numbers)


def _now(*, timestamp: bool = False, utc: bool = False) -> Any:
    if timestamp:
        return int(time.time())
    now = datetime.now(UTC)
    return (now if utc else now.astimezone()).isoformat()


def _get_random(*, end: int, start: int = 0) -> int:
    return random.randrange(start, end)


def _throw(*, message: str) -> str:
    raise ValueError(message)


def _or_empty(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except (OSError, KeyError, ImportError):
        return ""


def system(environ: Mapping[str, str]) -> dict[str, str]:
    """`system.*`: operating system, architecture, user, host name, working directory."""
    machine = platform.machine().lower()
    return {
        "os": {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux"),
        "arch": {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine),
        "user": environ.get("USER") or environ.get("USERNAME") or _or_empty(getpass.getuser),
        "host": _or_empty(socket.gethostname),
        "cwd": _or_empty(os.getcwd),
    }
