"""SIGTERM and SIGINT ask for a tidy stop; a second one ends the process at once.

Upstream dies at once and loses what is in flight (host.md 10). Windows has no loop signal handlers;
there Ctrl-C and Ctrl-Break arrive through `signal.signal`, and the service manager's stop through
`kanade_host.platform.service`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from kanade_host.platform.exits import Exit

STOP_SECONDS = 10.0


def _numbers() -> list[int]:
    names = ("SIGINT", "SIGBREAK") if sys.platform == "win32" else ("SIGINT", "SIGTERM", "SIGHUP")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


@contextmanager
def stop_signals(stop: Callable[[], None], at_once: Callable[[], None] | None = None) -> Iterator[None]:
    """While inside, the first signal calls `stop` on the running loop, a second one ends the process.

    `at_once` runs just before that end, to write what is still in the log's queue.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # a Windows service: its manager asks, on another way
        return
    loop = asyncio.get_running_loop()
    asked = 0

    def end_now() -> None:
        if at_once is not None:
            at_once()
        os._exit(Exit.INTERRUPTED)

    def on_signal() -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            stop()
        else:
            end_now()

    def on_foreign(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature is given
        loop.call_soon_threadsafe(on_signal)

    numbers: list[int] = _numbers()
    before: dict[int, Any] = {}
    for number in numbers:
        if sys.platform == "win32":
            before[number] = signal.signal(number, on_foreign)
        else:
            loop.add_signal_handler(number, on_signal)
    try:
        yield
    finally:
        for number in numbers:
            if sys.platform == "win32":
                signal.signal(number, before[number])
            else:
                loop.remove_signal_handler(number)
