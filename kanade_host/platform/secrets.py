"""Secrets: where they come from (host.md 5), and a register of them so that no log ever shows one."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from kanade_host.platform.private import create_private

SHORTEST = 6
"""Shorter values are not searched for in log lines: they would blank out ordinary words."""

_known: set[str] = set()


def remember(value: str) -> str:
    """Note a secret value, so that logs show `***` in its place; answers the value."""
    if len(value) >= SHORTEST:
        _known.add(value)
    return value


def known_values() -> frozenset[str]:
    """All secret values that this process has read or made."""
    return frozenset(_known)


def read_secret(
    name: str,  # noqa: ARG001 - what it is for: reads well where it is asked for
    environment: str,
    registry: tuple[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> str | None:
    """Windows registry (key under HKLM, value name), else environment; empty counts as absent.

    The value is taken as it stands, nothing is trimmed.
    """
    value = _from_registry(*registry) if registry is not None else None
    if not value:
        value = (os.environ if environ is None else environ).get(environment)
    return remember(value) if value else None


def where_from(
    environment: str, registry: tuple[str, str] | None = None, environ: Mapping[str, str] | None = None
) -> str | None:
    """Where `read_secret` would take it from, in words; None when it is set nowhere."""
    if registry is not None and _from_registry(*registry):
        return f"registry HKLM\\{registry[0]} {registry[1]}"
    return environment if (os.environ if environ is None else environ).get(environment) else None


def kept_secret(path: Path, length: int = 32) -> str:
    """A secret of our own making: read from the file, or made at random and kept there, mode 0600.

    Two processes that come at once end up with the same one: the file is created exclusively.
    """
    if not path.exists():
        try:
            create_private(path, secrets.token_urlsafe(length).encode())
        except FileExistsError:
            pass  # another process was quicker; its secret counts
    return remember(path.read_text("ascii").strip())


def _from_registry(key: str, value: str) -> str | None:
    if sys.platform != "win32":
        return None
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
            data, kind = winreg.QueryValueEx(opened, value)
    except OSError:
        return None
    return str(data) if kind == winreg.REG_SZ and data else None
