"""The options that several commands share, and how they come to a configuration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from kanade_host.config import Config, ConfigError, find, load
from kanade_host.platform.paths import user_data_dir

F = TypeVar("F", bound=Callable[..., Any])


def demo_folder(given: str | None) -> Path:
    """Where the demo keeps everything."""
    return Path(given).absolute() if given else user_data_dir("kanade-demo")


def config_option(command: F) -> F:
    """`--config`, or `--demo` to mean the demo's installation."""
    command = click.option(
        "--demo",
        is_flag=False,
        flag_value="",
        default=None,
        metavar="[DIR]",
        help="Ask the demo instead (DIR: where it was started with --data).",
    )(command)
    return click.option(
        "--config",
        type=click.Path(dir_okay=False),
        metavar="FILE",
        help="Path of backend.toml. Default: $KANADE_BACKEND_CONFIG, else the system's place for it.",
    )(command)


def read_config(config: str | None, demo: str | None = None) -> Config:
    """The configuration that the options mean. Raises `ConfigError`."""
    if demo is not None:
        from kanade_host.cli.demo_config import demo_config

        folder = demo_folder(demo or None)
        if not folder.is_dir():
            given = f" --data {demo}" if demo else ""
            raise ConfigError(f"there is no demo in {folder}: kanade-host demo{given} makes one")
        return demo_config(folder)
    return load(find(config))
