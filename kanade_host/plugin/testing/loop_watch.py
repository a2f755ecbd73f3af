"""Notes which plugin holds the event loop of a test's host, and where."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable

from kanade_host.web.watchdog import culprit

_STEP = 0.02


class LoopWatch:
    """Watches the running loop from a thread, until `stop`.

    Steps of the thread are counted rather than seconds: on a machine that is busy with something else the
    thread gets no turn either, and nobody is blamed for it.
    """

    def __init__(self, limit: float, plugin_of: Callable[[str], str | None]) -> None:
        self._limit, self._plugin_of = limit, plugin_of
        self._loop, self._thread_id = asyncio.get_running_loop(), threading.get_ident()
        self._answered = threading.Event()
        self._stop = threading.Event()
        self.held: list[str] = []
        self._thread = threading.Thread(target=self._watch, name="loop watch", daemon=True)
        self._thread.start()

    def stop(self) -> list[str]:
        """Watch no more; answers who held it, one line each."""
        self._stop.set()
        self._thread.join(2.0)
        return self.held

    def _watch(self) -> None:
        missed, told = 0, False
        self._ask()
        while not self._stop.wait(_STEP):
            if self._answered.is_set():
                missed, told = 0, False
                self._ask()
                continue
            missed += 1
            if missed * _STEP >= self._limit and not told:
                told = self._blame()

    def _ask(self) -> None:
        self._answered.clear()
        try:
            self._loop.call_soon_threadsafe(self._answered.set)
        except RuntimeError:  # the loop is closed
            self._stop.set()

    def _blame(self) -> bool:
        frame = sys._current_frames().get(self._thread_id)
        if frame is None:
            return False
        found = culprit(frame, self._plugin_of)
        del frame
        if not found.plugin or found.plugin == "host":
            return False
        told = f"plugin {found.plugin} held the event loop for more than {self._limit:g} s in {found.where}"
        self.held.append(f"{told}:\n{found.stack}")
        return True
