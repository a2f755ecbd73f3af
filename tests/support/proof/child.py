"""A program that a part of the proof runs, and that may end tidily when somebody loses patience."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

TIDY_SECONDS = 60.0


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> int:
    """Its exit status. An interrupt is told to it once, and waited for: it has hosts and brokers to end."""
    # In a session of its own, so that Ctrl-C of the terminal does not reach it beside us, a second time.
    child = subprocess.Popen(
        command, cwd=folder, env={**environment}, start_new_session=True, stdin=subprocess.DEVNULL
    )
    try:
        return child.wait()
    except BaseException:
        child.send_signal(signal.SIGINT)
        try:
            child.wait(TIDY_SECONDS)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            if os.name == "posix":
                os.killpg(child.pid, signal.SIGKILL)
            child.kill()
            child.wait()
        raise
