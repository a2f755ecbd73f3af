"""Which file is the configuration (host.md 3.1): first match wins, and nothing is guessed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from kanade_host.config.errors import ConfigError
from kanade_host.platform.paths import config_dir

VARIABLE = "KANADE_BACKEND_CONFIG"


def find(option: str | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """The path of the configuration file; the first two are taken as they are, existing or not.

    Raises `ConfigError` when there is none.
    """
    environ = os.environ if environ is None else environ
    if option is not None:
        return Path(option)
    if environ.get(VARIABLE):
        return Path(environ[VARIABLE])
    path = config_dir(environ) / "backend.toml"
    if path.exists():
        return path
    raise ConfigError(
        f"config not found — pass `--config <path>`, set `{VARIABLE}`, or place `backend.toml` at `{path}`"
    )
