"""`kanade-host env`: what a shell, the kanade command line or a test needs to reach this installation."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click

from kanade_host.cli.options import config_option, read_config
from kanade_host.cli.output import json_option, print_json
from kanade_host.cli.running import RunFile, Running
from kanade_host.config import Config
from kanade_host.platform.secrets import read_secret

EPILOG = """\b
Examples:
  eval "$(kanade-host env)"        sh, bash, zsh: then kanade's own commands reach this installation
  kanade-host env --json           for scripts
  kanade-host env --demo           of the demo

\b
The NATS token commands the fleet: treat this output as a secret.
"""


@click.command("env", epilog=EPILOG)
@config_option
@json_option
def command(config: str | None, demo: str | None, as_json: bool) -> None:
    """Print addresses and token as environment variables."""
    read = read_config(config, demo)
    found = variables(read, RunFile(read.data_dir).read())
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        if value is not None:
            click.echo(
                f"$env:{name} = '{value}'" if os.name == "nt" else f"export {name}={shlex.quote(value)}"
            )
    if found["KANADE_NATS_URL"] is None:
        click.echo("# the embedded broker has no address yet: start the host once", err=True)
    elif found["KANADE_NATS_TOKEN"] is None and read.embedded:
        click.echo("# the embedded broker has no token yet: start the host once", err=True)


def variables(config: Config, running: Running | None) -> dict[str, str | None]:
    """What upstream's command line reads (host.md 1); None where it is not known."""
    return {
        "KANADE_BACKEND_URL": running.url.rstrip("/")
        if running is not None
        else base_url(config.server.bind),
        "KANADE_NATS_URL": _nats_url(config, running),
        "KANADE_NATS_TOKEN": _nats_token(config),
        "KANADE_AUTH_TOKEN": read_secret(
            "service token", "KANADE_AUTH_STATIC_TOKEN", (r"SOFTWARE\kanade\backend", "StaticToken")
        ),
    }


def base_url(bind: str) -> str | None:
    """The address for a client on this computer; None when the port is chosen at the start."""
    host, _, port = bind.rpartition(":")
    if port == "0":
        return None
    local = {"0.0.0.0": "127.0.0.1", "[::]": "127.0.0.1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    return f"http://{local}:{port}"


def _nats_url(config: Config, running: Running | None) -> str | None:
    if not config.embedded:
        return config.nats.url
    if running is not None and running.nats_url:
        return running.nats_url
    port = config.broker.port or _number(config.broker_dir / "port")
    return f"nats://127.0.0.1:{port}" if port else None


def _nats_token(config: Config) -> str | None:
    if not config.embedded:
        return read_secret("NATS token", "KANADE_NATS_TOKEN", (r"SOFTWARE\kanade\agent", "NatsToken"))
    try:
        return (config.broker_dir / "token").read_text("ascii").strip() or None
    except OSError:
        return None


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):
        return None
