"""`kanade-host serve`: the host, until somebody stops it."""

from __future__ import annotations

import click

from kanade_host.cli.hosting import run_host, start_logging
from kanade_host.config import Config, find, load
from kanade_host.platform.service import Service

EPILOG = """\b
Examples:
  kanade-host serve --config /etc/kanade/backend.toml
  kanade-host --config /etc/kanade/backend.toml      the same, as kanade-backend is called
  RUST_LOG=debug kanade-host serve                   more in the log
  kanade-host serve --plugin battery.py              with a plugin in development; starts anew when it changes
  kanade-host serve --safe                           essential plugins alone

\b
SIGTERM and Ctrl-C stop it tidily within ten seconds; a second one ends it at once.
Exit status: 0 stopped tidily, 1 a fatal error (also in the log), 2 wrong usage.
"""


@click.command("serve", epilog=EPILOG)
@click.option(
    "--config",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Path of backend.toml. Default: $KANADE_BACKEND_CONFIG, else the system's place for it.",
)
@click.option(
    "--plugin",
    "files",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    multiple=True,
    help="A Python file to run as a plugin, called as the file is: for development. May be repeated.",
)
@click.option("--safe", is_flag=True, help="Run essential plugins alone, to look at what keeps others down.")
def command(config: str | None, files: tuple[str, ...], safe: bool) -> int:
    """Serve, from the configuration in backend.toml."""

    def in_service(service: Service) -> int:
        return run_host(_prepared(config), service=service, files=files, safe=safe)

    service = Service(in_service)
    if service.dispatch():
        return service.status
    return run_host(_prepared(config), files=files, safe=safe)


def _prepared(config: str | None) -> Config:
    read = load(find(config))
    start_logging(read)
    return read
