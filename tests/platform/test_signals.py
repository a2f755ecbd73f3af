"""The first signal asks for a tidy stop, the second one ends the process at once."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

PROGRAM = """
import asyncio, sys
from kanade_host.platform.signals import stop_signals

async def main():
    stopping = asyncio.Event()
    with stop_signals(stopping.set, lambda: print("at once", flush=True)):
        print("ready", flush=True)
        await stopping.wait()
        print("stopping", flush=True)
        if sys.argv[1] == "slow":
            await asyncio.sleep(60)
    return 0

sys.exit(asyncio.run(main()))
"""


def started(how: str) -> subprocess.Popen[str]:
    child = subprocess.Popen([sys.executable, "-c", PROGRAM, how], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_one_stops_tidily(number: int) -> None:
    with started("quick") as child:
        child.send_signal(number)
        assert child.communicate()[0] == "stopping\n"
    assert child.returncode == 0


def test_two_end_it_at_once() -> None:
    with started("slow") as child:
        assert child.stdout is not None
        child.send_signal(signal.SIGTERM)
        assert child.stdout.readline() == "stopping\n"
        child.send_signal(signal.SIGINT)
        assert child.communicate()[0] == "at once\n"
    assert child.returncode == 130
