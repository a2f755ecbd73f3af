"""`kanade-host simulate`."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from typing import TYPE_CHECKING

import click

from kanade_host_simulator.options import FleetOptions, Odds

if TYPE_CHECKING:  # nats-py is slow to import, and every command of the host imports this
    from kanade_host_simulator.fleet import Fleet

PROBABILITY = click.FloatRange(0.0, 1.0)
EPILOG = """\b
Examples:
  kanade-host simulate --agents 200 --groups
  kanade-host simulate --agents 5000 --seed 7 --chaos 0.01
  kanade-host simulate --nats nats://127.0.0.1:4222

The broker's address and token are those that `kanade-host env` prints. Nothing is executed: `echo X`
gives X, `exit N` and `sleep N` are understood, everything else is made up by the seed.
"""


@click.command(epilog=EPILOG)
@click.option(
    "--agents", default=10, show_default=True, type=click.IntRange(1, 100_000), help="How many PCs."
)
@click.option(
    "--nats",
    "url",
    envvar="KANADE_NATS_URL",
    default="nats://127.0.0.1:4222",
    show_default=True,
    show_envvar=True,
    help="The broker.",
)
@click.option(
    "--token",
    envvar="KANADE_NATS_TOKEN",
    show_envvar=True,
    help="The broker's token; better by the variable.",
)
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same fleet and outcomes.")
@click.option("--prefix", default="", help="Names become PREFIX0001 and so on; default: by site and kind.")
@click.option(
    "--rate",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.01, 1000),
    help="Heartbeats and samples come this many times as often.",
)
@click.option("--groups", is_flag=True, help="Give PCs without groups some: site, department, canary.")
@click.option(
    "--replay",
    default=50,
    show_default=True,
    type=click.IntRange(0),
    help="So many agents read a durable of their own on EXEC; each costs the broker.",
)
@click.option(
    "--events",
    default=2.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Timeline events an hour and PC.",
)
@click.option(
    "--longest-run",
    default=5.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Upper bound of made-up run times, in seconds.",
)
@click.option("--failures", default=0.03, show_default=True, type=PROBABILITY, help="Runs that fail.")
@click.option(
    "--offline", default=0.01, show_default=True, type=PROBABILITY, help="Share of PCs that are away."
)
@click.option("--chaos", type=PROBABILITY, help="Sets each of the following that is not given itself.")
@click.option("--late", type=PROBABILITY, help="Messages up to a minute late.")
@click.option("--doubled", type=PROBABILITY, help="Messages sent twice.")
@click.option(
    "--out-of-order", type=PROBABILITY, help="Messages overtaken by the next, starts by their results."
)
@click.option("--malformed", type=PROBABILITY, help="Messages with a broken copy beside them.")
@click.option("--oversized", type=PROBABILITY, help="Outputs beyond 256 KiB.")
@click.option("--clock-skew", type=PROBABILITY, help="PCs whose clock is wrong, by minutes to days.")
@click.option(
    "--give-up",
    default=60.0,
    show_default=True,
    type=click.FloatRange(0),
    help="End when the broker stays away for so many seconds; 0: never.",
)
@click.option("--duration", type=click.FloatRange(0), help="End by itself after so many seconds.")
def simulate(
    url: str, token: str | None, give_up: float, duration: float | None, chaos: float | None, **given: object
) -> None:
    """Simulate a fleet: speak the agents' side of the protocol against any broker."""
    options = options_of(chaos or 0.0, given)
    sys.exit(asyncio.run(run(url, token or None, options, give_up, duration)))


def options_of(chaos: float, given: dict[str, object]) -> FleetOptions:
    """The fleet's options from those of the command line."""

    def number(name: str) -> float:
        value = given[name]
        return chaos if value is None else float(str(value))

    odds = Odds(
        late=number("late"),
        doubled=number("doubled"),
        out_of_order=number("out_of_order"),
        malformed=number("malformed"),
        oversized=number("oversized"),
        clock_skew=number("clock_skew"),
        failures=number("failures"),
        offline=number("offline"),
    )
    return FleetOptions(
        agents=int(number("agents")),
        seed=int(number("seed")),
        prefix=str(given["prefix"]),
        rate=number("rate"),
        groups=bool(given["groups"]),
        replay=int(number("replay")),
        events_per_hour=number("events"),
        longest_run=number("longest_run"),
        odds=odds,
    )


async def run(
    url: str, token: str | None, options: FleetOptions, give_up: float, duration: float | None
) -> int:
    """The exit status: 0 after a signal or the duration, 1 when the broker stayed away."""
    from kanade_host_simulator.fleet import Fleet

    ending = asyncio.Event()
    _on_signals(ending)
    fleet = await _connected(Fleet, url, token, options, give_up, ending)
    if fleet is None:
        return 0 if ending.is_set() else 1
    ended = time.monotonic() + duration if duration is not None else None
    try:
        await fleet.up()
        click.echo(f"fleet of {len(fleet.agents)} agents is up on {url}")
        while not await _within(ending, 0.5):
            now = time.monotonic()
            if give_up and fleet.lost_at is not None and now - fleet.lost_at > give_up:
                click.echo(f"simulate: the broker at {url} has been away for {give_up:g} s", err=True)
                return 1
            if ended is not None and now > ended:
                break
    finally:
        await fleet.stop()
        sent = ", ".join(f"{count} {kind}" for kind, count in sorted(fleet.counts.items()))
        click.echo(f"fleet is down; {sent or 'nothing sent'}", err=True)
    return 0


async def _connected(
    kind: type[Fleet],
    url: str,
    token: str | None,
    options: FleetOptions,
    give_up: float,
    ending: asyncio.Event,
) -> Fleet | None:
    """A started fleet; None when the end came first, or the broker did not."""
    began = time.monotonic()
    while not ending.is_set():
        fleet = kind(url, token=token, options=options)
        starting = asyncio.create_task(fleet.start(max(3.0, min(10.0, give_up or 10.0))))
        waiting = asyncio.create_task(ending.wait())
        await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        starting.cancel()
        try:
            await starting
            return fleet
        except asyncio.CancelledError:
            await fleet.stop()
        except Exception as error:
            await fleet.stop()
            if give_up and time.monotonic() - began > give_up:
                trouble = fleet.trouble or str(error) or type(error).__name__
                click.echo(f"simulate: cannot reach the broker at {url}: {trouble}", err=True)
                return None
            await _within(ending, 1.0)
    return None


async def _within(ending: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(ending.wait(), seconds)
    except TimeoutError:
        return False
    return True


def _on_signals(ending: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is None:
            continue
        try:
            loop.add_signal_handler(number, ending.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(ending.set))
