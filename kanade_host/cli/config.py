"""`kanade-host config check|show`: is the configuration as it should be, and what does it come to?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
import tomli_w

from kanade_host.bus.address import normalised
from kanade_host.cli.options import config_option, read_config
from kanade_host.cli.output import json_option, print_json
from kanade_host.cli.planning import goes_too, plan_of, with_tables
from kanade_host.config import Config
from kanade_host.observe.daily import DailyFile
from kanade_host.observe.directives import choose
from kanade_host.observe.lines import MASK, is_secret_key, redact
from kanade_host.observe.logs import setup_console
from kanade_host.platform.exits import Exit
from kanade_host.platform.secrets import where_from
from kanade_host.plugin.errors import KanadeError
from kanade_host.store.location import parse_location

SECRETS: dict[str, tuple[str, tuple[str, str] | None]] = {
    "NATS token": ("KANADE_NATS_TOKEN", (r"SOFTWARE\kanade\agent", "NatsToken")),
    "service token": ("KANADE_AUTH_STATIC_TOKEN", (r"SOFTWARE\kanade\backend", "StaticToken")),
    "JWT secret": ("KANADE_JWT_SECRET", (r"SOFTWARE\kanade\backend", "JwtSecret")),
    "first password": (
        "KANADE_BOOTSTRAP_ADMIN_PASSWORD",
        (r"SOFTWARE\kanade\backend", "BootstrapAdminPassword"),
    ),
}


@click.group("config")
def command() -> None:
    """Check the configuration, and show what it comes to."""


@command.command("check", epilog="\b\nExit status: 0 when a host would start with it, 1 when not.")
@config_option
@json_option
def check(config: str | None, demo: str | None, as_json: bool) -> int:
    """Read backend.toml, try all plugins and migrations, and say what is wrong."""
    setup_console("off")
    read = read_config(config, demo)
    problems, warnings = _values(read), list(read.warnings)
    plan = plan_of(read)
    with_tables(plan)
    warnings += plan.warnings
    strict = read.plugins.strict
    for state in plan.failed:
        line = f"plugin {state.name} cannot run ({state.failed_in or state.phase}): {state.reason}"
        (problems if strict or state.manifest.essential else warnings).append(line)
    off = sorted(state.name for state in plan.states if state.phase == "disabled")
    without = {name: goes_too(name, off) for name in off}
    could = {one.name: goes_too(one.name, off) for one in plan.loaded}
    if as_json:
        print_json(
            {
                "source": str(read.source) if read.source else None,
                "problems": problems,
                "warnings": warnings,
                "plugins": [one.name for one in plan.loaded],
                "switched_off": without,
                "goes_too": could,
            }
        )
    else:
        _tell(read, problems, warnings, [one.name for one in plan.loaded])
        _tell_off(without, could)
    return Exit.FAILED if problems else Exit.OK


def _values(config: Config) -> list[str]:
    """What decodes and still cannot be used."""
    problems: list[str] = []
    for attempt in (
        lambda: parse_location(config.db.sqlite_path),
        lambda: DailyFile.check(config.log.path),
        lambda: choose(None, config.log.level, lambda words: problems.append(f"[log] level: {words}")),
        lambda: normalised(config.nats.url or "") if not config.embedded else None,
    ):
        try:
            attempt()
        except KanadeError as error:
            problems.append(str(error))
    host, colon, port = config.server.bind.rpartition(":")
    if not (colon and host and port.isdigit() and int(port) < 65536):
        problems.append(f"[server] bind = {config.server.bind!r} is no host:port")
    return problems


def _tell(config: Config, problems: list[str], warnings: list[str], plugins: list[str]) -> None:
    click.echo(f"{config.source or 'the demo'}: ", nl=False)
    click.secho("cannot be used" if problems else "good", fg="red" if problems else "green")
    for problem in problems:
        click.echo(f"  {click.style('problem', fg='red')}  {problem}")
    for warning in warnings:
        click.echo(f"  {click.style('warning', fg='yellow')}  {warning}")
    click.echo(f"  broker   {'embedded' if config.embedded else redact(config.nats.url or '', ())}")
    click.echo(f"  plugins  {', '.join(plugins) or 'none'}")


def _tell_off(without: Mapping[str, list[str]], could: Mapping[str, list[str]]) -> None:
    for name, lost in without.items():
        click.echo(f"  off      {name}{'; with it: ' + ', '.join(lost) if lost else ''}")
    needed = {name: lost for name, lost in could.items() if lost}
    if needed:
        click.echo("\nSwitching off a plugin takes along what requires it:")
        for name, lost in needed.items():
            click.echo(f"  {name}: {', '.join(lost)}")


@command.command("show")
@config_option
@json_option
def show(config: str | None, demo: str | None, as_json: bool) -> None:
    """Print every value that counts and where it comes from. Secrets are not shown."""
    read = read_config(config, demo)
    values = _flat(read)
    secrets = {name: where_from(*where) for name, where in SECRETS.items()}
    other = "default" if read.source else "demo"
    if as_json:
        rows = {
            key: {"value": _masked(key, value), "from": read.origins.get(key, other)}
            for key, value in values.items()
        }
        print_json({"values": rows, "secrets": secrets})
        return
    section = ""
    for key, value in values.items():
        head, _, name = key.rpartition(".")
        if head != section:
            click.echo(f"{chr(10) if section else ''}[{head}]")
            section = head
        _line(name, _masked(key, value), read.origins.get(key, other))
    click.echo("\n# Secrets are never in this file:")
    for label, where in secrets.items():
        click.echo(f"#   {label}: {'from ' + where if where else _unset(label, read)}")


def _unset(label: str, config: Config) -> str:
    if label == "NATS token" and config.embedded:
        return f"the embedded broker's own, in {config.broker_dir / 'token'} from the first start on"
    if label in ("JWT secret", "first password"):
        return "not set: one is made at the first start, and kept beside the database"
    return "not set"


def _line(name: str, value: Any, origin: str) -> None:
    if value is None:
        click.echo(f"# {name} is not set")
    else:
        click.echo(f"{tomli_w.dumps({name: value}).strip()}  # {origin}")


def _flat(config: Config) -> dict[str, Any]:
    """Every key with its value, defaults included, section by section."""
    found: dict[str, Any] = {}
    for section in ("server", "nats", "db", "log", "broker", "plugins"):
        struct = getattr(config, section)
        for name in struct.__struct_fields__:
            if name != "tables":
                value = getattr(struct, name)
                found[f"{section}.{name}"] = list(value) if isinstance(value, tuple) else value
    for plugin, table in sorted(config.plugins.tables.items()):
        found.update({f"plugins.{plugin}.{key}": value for key, value in table.items()})
    return found


def _masked(key: str, value: Any) -> Any:
    if is_secret_key(key) and value:
        return MASK
    return redact(value, ()) if isinstance(value, str) else value  # user and password in a URL
