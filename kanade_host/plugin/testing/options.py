"""What a test's host is made with: data that can also be handed to another process."""

from __future__ import annotations

from typing import Any

import msgspec


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """`plugins`: installed plugins to run. `files`: modules on disk to run as plugins beside them.

    `settings`: tables for `[plugins.NAME]`. `environment`: variables set while the host runs.
    `authenticators`: the order in which they are asked; those not named come after. An authenticator of a
    plugin that is asked before the kit's may refuse the kit's tokens.
    """

    folder: str
    broker_url: str
    broker_token: str
    plugins: tuple[str, ...] = ()
    strict: bool = False
    files: tuple[str, ...] = ()
    settings: dict[str, dict[str, Any]] = {}
    environment: dict[str, str] = {}
    authenticators: tuple[str, ...] = ("kit",)
    port: int = 0
    start_seconds: float = 30.0
