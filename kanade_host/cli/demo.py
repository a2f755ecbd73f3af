"""`kanade-host demo`: a served system with a broker, a database and a simulated fleet, after one command."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import click

from kanade_host.bus.child import spawn
from kanade_host.cli.demo_config import Login, demo_config, is_free, kept_login
from kanade_host.cli.hosting import run_host, start_logging
from kanade_host.cli.options import demo_folder
from kanade_host.cli.running import RunFile, Running
from kanade_host.platform.exits import Exit

if TYPE_CHECKING:
    from kanade_host.app import App

EPILOG = """\b
Examples:
  kanade-host demo                          50 simulated PCs, everything kept for the next time
  kanade-host demo --agents 2000            a bigger fleet
  kanade-host demo --data ./try --port 9000
  kanade-host plugins --demo                look at it from a second terminal

\b
Nothing of it reaches beyond this computer. Deleting the folder deletes the demo.
"""


@click.command("demo", epilog=EPILOG)
@click.option("--agents", default=50, show_default=True, type=click.IntRange(0), help="Simulated PCs.")
@click.option(
    "--rate",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.01, 100),
    help="How many times as often the PCs report.",
)
@click.option(
    "--offline",
    default=0.01,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Share of the PCs that are away at any moment.",
)
@click.option("--empty", is_flag=True, help="Save no jobs, schedules and accounts to look at.")
@click.option("--data", metavar="DIR", help="Folder for everything. Default: one of yours, kanade-demo.")
@click.option("--port", type=click.IntRange(0, 65535), help="HTTP port. Default: 8080, or another free one.")
@click.option("-v", "--verbose", is_flag=True, help="Show the log here too (it is always in the folder).")
def command(
    agents: int, rate: float, offline: float, empty: bool, data: str | None, port: int | None, verbose: bool
) -> int:
    """Run a whole system to look at: host, broker, database and a simulated fleet."""
    folder = demo_folder(data)
    running = RunFile(folder).read()
    try:
        login = kept_login(folder, running_port(running) if running else port)
    except OSError as error:
        raise click.ClickException(
            f"the folder {folder} cannot be used ({error.strerror}): name another with --data"
        ) from error
    if running is not None:
        click.echo(f"The demo runs already (process {running.process.pid}).\n")
        click.echo(welcome(running.url, login, folder))
        return Exit.OK
    if not is_free(login.port):
        raise click.ClickException(
            f"another program listens on port {login.port}: name another with --port, or leave it out"
        )
    os.environ["KANADE_BOOTSTRAP_ADMIN_PASSWORD"] = login.password
    os.environ["KANADE_BOOTSTRAP_ADMIN_USER"] = login.user
    config = demo_config(folder, login.port)
    start_logging(config, **({} if verbose else {"out": sys.stderr, "out_level": "warn"}))
    click.echo("Starting …")
    fleet: list[subprocess.Popen[bytes]] = []

    async def on_ready(app: App) -> None:
        click.echo(welcome(app.url, login, folder))
        if agents:
            fleet.append(start_fleet(app, agents, rate, offline))
            if not empty and (token := await demo_token(app.url, login)):
                fleet.append(start_furnishing(app, token))
            await watch_fleet(fleet[0])

    try:
        return run_host(config, on_ready=on_ready)
    finally:
        for process in fleet:
            end_fleet(process)
        click.echo("Stopped.")


def running_port(running: Running) -> int:
    """The port of the demo that runs."""
    return int(running.url.rsplit(":", 1)[1].rstrip("/"))


def welcome(url: str, login: Login, folder: Path) -> str:
    """Where it is and how to get in."""
    where = "" if folder == demo_folder(None) else f" {folder}"
    body = json.dumps({"username": login.user, "password": login.password})
    extract = "import json,sys; print(json.load(sys.stdin)['token'])"
    return f"""\
  Address   {url}      (open it in a browser)
  Log-in    {login.user}  {login.password}      (unless you have changed it)
  Folder    {folder}

  Try, in a second terminal:
    TOKEN=$(curl -s {url}/api/auth/login -H 'content-type: application/json' \\
      -d '{body}' | python3 -c "{extract}")
    curl -s '{url}/api/agents?limit=3' -H "authorization: Bearer $TOKEN"
    {os.environ.get("KANADE_HOST_COMMAND", "kanade-host")} plugins --demo{where}

  Ctrl-C stops it; everything is kept for the next time.
"""


async def demo_token(url: str, login: Login) -> str | None:
    """A token of the first administrator; None when the password has been changed since."""
    body = {"username": login.user, "password": login.password}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{url.rstrip('/')}/api/auth/login", json=body) as answer,
    ):
        return str((await answer.json())["token"]) if answer.status == 200 else None


def start_furnishing(app: App, token: str) -> subprocess.Popen[bytes]:
    """What a newcomer wants to see, saved over HTTP by a process of its own."""
    return _start(app, ["furnish", "--url", app.url], {"KANADE_AUTH_TOKEN": token})


def start_fleet(app: App, agents: int, rate: float, offline: float) -> subprocess.Popen[bytes]:
    """The simulated fleet, as a process of its own: it shall not share the host's event loop."""
    assert app.broker is not None
    token = app.broker.embedded.token if app.broker.embedded is not None else ""
    words = ["simulate", "--agents", str(agents), "--groups", "--nats", app.broker.url]
    words += ["--rate", str(rate), "--offline", str(offline), "--events", "20"]
    return _start(app, words, {"KANADE_NATS_TOKEN": token})


def _start(app: App, words: list[str], secret: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "kanade_host", *words]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KANADE_BOOTSTRAP")}
    log = app.config.data_dir / "logs" / "simulator.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        # It dies with us: a fleet that outlives its host would work beside that of the next start.
        return spawn(command, out, {**kept, **secret})


async def watch_fleet(process: subprocess.Popen[bytes]) -> None:
    """Say so when the fleet ends by itself."""
    while process.poll() is None:
        await asyncio.sleep(0.5)
    click.echo(
        f"The simulated fleet has ended (status {process.returncode}): see logs/simulator.log in the folder."
        " The host goes on without it.",
        err=True,
    )


def end_fleet(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, then make it."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(3)
    if process.poll() is None:
        process.kill()
        process.wait(3)
