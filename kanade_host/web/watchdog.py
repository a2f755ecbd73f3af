"""Finds who holds the event loop, and ends it.

A thread asks the loop for a sign of life. When none comes for some seconds, the frames of the loop's
thread say who is at fault: the innermost frame that belongs to a plugin or to the host. Code of a plugin
gets `Overran` raised into it, so that a handler's request ends with 500 and everybody else is served
again; the host's own code is never interrupted, only logged with its stack.

C code that keeps the interpreter's lock cannot be ended this way, and not even be noticed.
"""

from __future__ import annotations

import asyncio
import ctypes
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType

import structlog

from kanade_host.plugin.errors import Overran
from kanade_host.web.calling import call_chunks, call_handler
from kanade_host.web.metrics import HttpMetrics

OFFENCES = 3
"""So often may code of a plugin be ended before the plugin is reported as one that does not stop."""

TRIES = 5
"""So often is code that goes on all the same told to end, before it counts as stuck."""

_MARKS = frozenset({call_handler.__code__, call_chunks.__code__})
_STEP = 0.2
_HOST = "kanade_host"
log = structlog.get_logger("kanade_host.web.watchdog")


Line = tuple[str, int, str]
"""File, line and function of one frame: what can be noted without reading source files."""


@dataclass(frozen=True, slots=True)
class Culprit:
    """Who holds the loop. `plugin` is empty for code of the host, or of nobody that we know."""

    plugin: str
    where: str
    lines: tuple[Line, ...]

    @property
    def stack(self) -> str:
        """As a traceback shows it, the innermost frame last."""
        frames = [traceback.FrameSummary(file, line, name) for file, line, name in reversed(self.lines)]
        return "".join(traceback.format_list(frames))


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def culprit(innermost: FrameType, plugin_of: Callable[[str], str | None]) -> Culprit:
    """Who holds the thread with these frames. Does no input or output: the interpreter's lock stays ours,
    so that the frames are still what they are when the exception is sent.
    """
    frames = list(_frames(innermost))
    lines = tuple((one.f_code.co_filename, one.f_lineno, one.f_code.co_name) for one in frames[:40])
    for frame in frames:
        module = str(frame.f_globals.get("__name__", ""))
        if frame.f_code in _MARKS:
            return Culprit(str(frame.f_locals["plugin"]), f"route {frame.f_locals['route']}", lines)
        if module == _HOST or module.startswith(_HOST + "."):
            return Culprit("", f"{module}.{frame.f_code.co_name}", lines)
        plugin = plugin_of(module)
        if plugin is not None:
            return Culprit(plugin, _route_of(frame) or f"{module}.{frame.f_code.co_name}", lines)
    return Culprit("", "code outside of any plugin", lines)


def _route_of(frame: FrameType) -> str | None:
    """The route that this frame of a plugin works for, if it does."""
    for outer in _frames(frame):
        if outer.f_code in _MARKS:
            return f"route {outer.f_locals['route']}"
    return None


def raise_in(thread: int, kind: type[BaseException] | None) -> None:
    """Raise an exception in another thread at its next instruction; None takes a pending one back."""
    argument = None if kind is None else ctypes.py_object(kind)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), argument)


def _nobody(plugin: str, reason: str) -> None:
    """Until somebody wants to know: the log line is all."""
    log.debug("nobody is told of an offender", plugin=plugin, reason=reason)


class Watchdog:
    """Watches one event loop.

    - `plugin_of(module name)` names the plugin that a module belongs to; a plain look-up, quick.
    - `on_offender(plugin, reason)` is called on the loop when code of a plugin was ended three times.
    - `on_stuck(plugin, reason)` is called in the watchdog's thread when code of a plugin swallows what
      is raised into it: then only the end of the process helps.
    """

    def __init__(self, metrics: HttpMetrics, *, held: float = 2.0) -> None:
        self.armed = False
        self._returned = True
        self.plugin_of: Callable[[str], str | None] = lambda _: None
        self.on_offender: Callable[[str, str], None] = _nobody
        self.on_stuck: Callable[[str, str], None] = _nobody
        self._metrics, self._held = metrics, held
        self._offences: Counter[str] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread_id = 0
        self._answered = threading.Event()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Watch the running loop, which has to run in the calling thread."""
        self._loop, self._thread_id = asyncio.get_running_loop(), threading.get_ident()
        self._stop.clear()
        self._thread = threading.Thread(target=self._watch, name="kanade watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(2.0)
            self._thread = None

    def disarm(self) -> None:
        """The code that was to be ended came to its end by itself: take the exception back."""
        raise_in(self._thread_id, None)
        self.armed = False
        self._returned = True

    def _watch(self) -> None:
        # Steps are counted, not seconds: after a suspended machine or a starved process the loop gets
        # its turns first, since we too stood still.
        missed = tries = 0
        step = min(_STEP, self._held / 4)
        self._ask()
        while not self._stop.wait(step):
            if self._answered.is_set():
                missed = tries = 0
                self._ask()
                continue
            missed += 1
            if missed * step < self._held:
                continue
            missed = 0
            if self._returned:  # what was told to end did; this is another one, before we had our turn
                tries = 0
            tries = tries + 1 if self._act(tries) else 0
            self._ask()

    def _ask(self) -> None:
        self._answered.clear()
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(self._alive)
        except RuntimeError:  # the loop is closed
            self._stop.set()

    def _alive(self) -> None:
        """A turn of the loop. What was raised a moment too late may arrive here, where it does no harm."""
        try:
            with self._lock:
                if self.armed:
                    self.disarm()
                self._answered.set()
        except Overran:
            self.armed = False

    def _act(self, tries: int) -> bool:
        """Look who it is, and end it where that is allowed; True when something was told to end."""
        with self._lock:
            frame = sys._current_frames().get(self._thread_id)
            if frame is None or self._answered.is_set():
                return False
            found = culprit(frame, self.plugin_of)
            del frame
            if found.plugin and found.plugin != "host":
                self._metrics.overran[found.plugin] += 1
                self.armed, self._returned = True, False
                raise_in(self._thread_id, Overran)
        if not found.plugin or found.plugin == "host":
            log.error("the event loop is held", where=found.where, seconds=self._held, stack=found.stack)
            return False
        self._report(found, tries)
        return True

    def _report(self, found: Culprit, tries: int) -> None:
        plugin = found.plugin
        reason = f"{found.where} held the event loop for more than {self._held:g} s"
        log.error("code of a plugin held the event loop", plugin=plugin, where=found.where, stack=found.stack)
        if tries + 1 >= TRIES:
            self.on_stuck(plugin, f"{reason} and cannot be ended")
        elif tries:
            return  # the same offence: it goes on although it was told to end
        self._offences[plugin] += 1
        if self._offences[plugin] % OFFENCES == 0 and self._loop is not None:
            told = f"{reason} and was ended, {self._offences[plugin]} times by now"
            self._loop.call_soon_threadsafe(self.on_offender, plugin, told)
