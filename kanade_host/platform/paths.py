"""The folders of an installation (host.md 6) and the folder of a person's own demo."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath

WINDOWS = sys.platform == "win32"


def _kanade(part: str, unix: str, environ: Mapping[str, str] | None) -> Path:
    if not WINDOWS:
        return Path(unix)
    environ = os.environ if environ is None else environ
    return Path(PureWindowsPath(environ.get("ProgramData") or r"C:\ProgramData", "Kanade", part))


def config_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Where `backend.toml` is looked for."""
    return _kanade("config", "/etc/kanade", environ)


def data_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Where an installation keeps its database by convention."""
    return _kanade("data", "/var/lib/kanade", environ)


def log_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Where an installation keeps its logs by convention."""
    return _kanade("logs", "/var/log/kanade", environ)


def user_data_dir(name: str, environ: Mapping[str, str] | None = None) -> Path:
    """A folder of the person who runs the program, such as the default of `demo`."""
    environ = os.environ if environ is None else environ
    if WINDOWS:
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / name
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / name
    return Path(environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / name
