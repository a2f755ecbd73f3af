"""Ends work that holds the writer thread for too long.

SQL is interrupted; Python gets an exception that is no `Exception`, so that an ordinary
`except Exception` does not swallow it, again and again until the thread comes back. What does not come
back (C code that never returns, a loop that swallows everything) is reported as stuck, and the
application ends the process: nothing else can free a thread.

The watched thread takes no lock: an exception that is raised into it may come between any two steps, and
a lock that it has just taken would stay taken. Instead `_striking` is set before `_due` is read, and
`_due` cleared before `_striking` is read, so that one of the two always sees the other.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import math
import sys
import threading
import time
from collections.abc import Callable

from kanade_host.store import tx

log = logging.getLogger(__name__)

GRACE_SECONDS = 5.0
SQL_GRACE_SECONDS = 60.0
"""Interrupted SQL that still does not return waits for the disk, most likely: nobody's fault for longer."""

_AGAIN_SECONDS = 0.05
_PARKED_SECONDS = 3600.0
_set_async_exc = ctypes.pythonapi.PyThreadState_SetAsyncExc


class Halt(BaseException):
    """Raised into the thread whose work is over its deadline. Never seen outside of this package."""


class DeadlineWatch:
    """Watches one thread. `begin` and `end` are called on that thread, around each piece of work.

    After `end` has returned nothing strikes the thread any more. `end` itself may be struck: the
    caller catches `Halt` and calls it again.
    """

    def __init__(self, on_stuck: Callable[[str], None], *, grace: float = GRACE_SECONDS) -> None:
        self._on_stuck, self._grace = on_stuck, grace
        self._wake = threading.Event()
        self._wakes_at = math.inf
        self._due: float | None = None
        self._owner = ""
        self._striking = self._struck = self._told = self._closed = False
        self._thread_id = 0
        self._interrupt: Callable[[], None] = lambda: None
        self._watcher = threading.Thread(target=self._watch, name="store-deadlines", daemon=True)

    def start(self, thread_id: int, interrupt: Callable[[], None]) -> None:
        """Watch that thread; `interrupt` ends the SQL that it runs."""
        self._thread_id, self._interrupt = thread_id, interrupt
        self._watcher.start()

    def interrupts(self, interrupt: Callable[[], None]) -> None:
        """The thread has another connection now."""
        self._interrupt = interrupt

    def close(self) -> None:
        """Stop watching."""
        self._closed, self._due = True, None
        self._wake.set()

    @property
    def over(self) -> tuple[str, float] | None:
        """Whose work is over its deadline at this moment, and by how many seconds."""
        due = self._due
        late = 0.0 if due is None else time.monotonic() - due
        return (self._owner, late) if late > 0 else None

    def begin(self, owner: str, seconds: float) -> None:
        """Work of `owner` begins; it may last so many seconds."""
        self._owner, self._struck, self._told = owner, False, False
        due = self._due = time.monotonic() + seconds
        if due < self._wakes_at:
            self._wake.set()

    def end(self) -> bool:
        """The work is over. True when it was over its deadline (and was struck, or about to be)."""
        self._due = None
        while self._striking:
            time.sleep(0)
        if self._struck:
            _set_async_exc(ctypes.c_ulong(self._thread_id), None)
        return self._struck

    def end_surely(self) -> None:
        """As `end`, for a thread that has been struck outside of its work."""
        while True:
            try:
                self.end()
                return
            except Halt:
                continue

    # -- on the watching thread --------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._closed:
            self._wake.clear()
            self._wakes_at = math.inf  # whoever begins from here on wakes us
            due = self._due
            left = _PARKED_SECONDS if due is None else due - time.monotonic()
            if left > 0:
                self._wakes_at = time.monotonic() + left
                self._wake.wait(left)
                continue
            self._strike()
            time.sleep(_AGAIN_SECONDS)

    def _strike(self) -> None:
        """End whatever runs, and say so once when the thread is past saving."""
        self._striking = True
        try:
            due = self._due
            if due is None:
                return
            late = time.monotonic() - due
            if late < 0:  # that work has ended, and another one begun
                return
            with contextlib.suppress(Exception):
                self._interrupt()
            if self._struck:  # not the first time: interrupted SQL has had its chance to come back
                _set_async_exc(ctypes.c_ulong(self._thread_id), ctypes.py_object(Halt))
            self._struck = True
            stuck = not self._told and late > (SQL_GRACE_SECONDS if self._in_sql() else self._grace)
            self._told |= stuck
        finally:
            self._striking = False
        if stuck:
            self._on_stuck(self._owner)

    def _in_sql(self) -> bool:
        frame = sys._current_frames().get(self._thread_id)
        return frame is not None and frame.f_code.co_filename == tx.__file__
